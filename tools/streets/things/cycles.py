"""Bicycles and motorcycles, parked or ridden."""

import math
import random

from mnv3.tools.streets.scene import palette
from mnv3.tools.streets.scene.camera import Frame
from mnv3.tools.streets.scene.canvas import Canvas, Colour, shade, shining
from mnv3.tools.streets.scene.palette import DARK, METAL, TYRE, pick
from mnv3.tools.streets.scene.solids import Corner, Light, disc, prism
from mnv3.tools.streets.things.chassis import HEADLAMP, TAILLAMP
from mnv3.tools.streets.things.people import Pose, draw_figure, draw_looks


def _ring(canvas: Canvas, frame: Frame, u: float, radius: float, width: float, colour: Colour, spokes: int) -> None:
    """Draw a see-through wheel; annotators count its inside as part of the bicycle."""
    rim = disc(frame, u, radius, 0, radius, 18)
    canvas.mask(rim)
    hub = frame.point(u, radius)
    for k in range(spokes):
        canvas.stroke([hub, rim[k * 18 // spokes]], 1, (130, 130, 132), mark=False)
    canvas.stroke([*rim, rim[0], rim[1]], max(2.0, width * frame.pixels(u)), colour)


def draw_bicycle(canvas: Canvas, frame: Frame, rng: random.Random) -> None:
    paint = pick(rng, palette.CYCLE_PAINT)
    radius, metre = rng.uniform(0.32, 0.35), frame.pixels()
    rear, front, crank = (-0.52, radius, 0.0), (0.54, radius, 0.0), (-0.06, 0.28, 0.0)
    seat, head = (-0.2, 0.78, 0.0), (0.36, 0.82, 0.0)
    tube = max(2.0, 0.05 * metre)
    for u in (rear[0], front[0]):
        _ring(canvas, frame, u, radius, 0.045, TYRE, 6)
    at = frame.point
    canvas.mask([at(*rear), at(*crank), at(*head), at(*seat)])
    step_through = rng.random() < 0.35
    top = [(0.3, 0.62, 0), (-0.14, 0.45, 0)] if step_through else [head, (-0.18, 0.72, 0)]
    for line in ([rear, crank, seat, rear], [crank, head], top, [head, front]):
        canvas.stroke(frame.points(line), tube, paint)
    canvas.stroke(frame.points([seat, (-0.22, 0.92, 0)]), tube, METAL)
    canvas.capsule(at(-0.33, 0.95), at(-0.12, 0.95), 0.05 * metre, 0.035 * metre, DARK)
    stem = (0.33, 1.0, 0.0)
    canvas.stroke(frame.points([head, stem]), tube, METAL)
    canvas.stroke(frame.points([(0.28, 1.02, -0.28), stem, (0.28, 1.02, 0.28)]), tube, DARK)
    canvas.ellipse(at(*crank), 0.09 * metre, 0.09 * metre, DARK)
    if rng.random() < 0.3:
        basket = [(0.5, 0.72, 0.15), (0.78, 0.72, 0.15), (0.8, 0.96, -0.15), (0.48, 0.96, -0.15)]
        canvas.polygon(frame.points(basket), (122, 92, 62))


def cyclist(rng: random.Random) -> Pose:
    """Return the pose of a rider on the bicycle of `draw_bicycle`, hands on its bar, feet on its pedals."""
    turn = rng.uniform(0, 2 * math.pi)
    upright = rng.uniform(0.0, 0.12)
    feet, knees = [], []
    for phase, v in ((0.0, -0.12), (math.pi, 0.12)):
        foot = (-0.02 + 0.17 * math.cos(turn + phase), 0.3 + 0.17 * math.sin(turn + phase), v)
        feet.append(foot)
        knees.append(((foot[0] - 0.2) / 2 + 0.26, (foot[1] + 0.96) / 2 + 0.03, v))
    neck = (0.16 - upright, 1.46, 0.0)
    return Pose(
        (neck[0] + 0.05, 1.62, 0.0), neck,
        ((neck[0] - 0.02, 1.4, -0.19), (neck[0] - 0.02, 1.4, 0.19)),
        ((0.2 - upright, 1.17, -0.27), (0.2 - upright, 1.17, 0.27)),
        ((0.3, 1.05, -0.26), (0.3, 1.05, 0.26)),
        ((-0.2, 0.98, -0.1), (-0.2, 0.98, 0.1)),
        (knees[0], knees[1]), (feet[0], feet[1]), 1.75,
    )  # fmt: skip


def draw_motorcycle(canvas: Canvas, frame: Frame, rng: random.Random, light: Light, lamps_on: bool) -> bool:
    """Draw a motorcycle or a scooter; return True for a scooter, whose rider sits upright."""
    paint, metre = pick(rng, palette.CAR_PAINT), frame.pixels()
    scooter = rng.random() < 0.35
    radius = 0.25 if scooter else 0.33
    base = 0.62 if scooter else 0.74
    at = frame.point
    wheels = [-base, base]
    for u in wheels if frame.eye[0] > 0 else wheels[::-1]:
        prism(canvas, frame, _tyre(u, radius), TYRE, light)
        if abs(frame.eye[2]) > 0.4:
            canvas.detail(disc(frame, u, radius, frame.near_side * 0.08, radius * 0.55, 10), (142, 144, 150))
    grip = (base * 0.55, 1.05, 0.0)
    canvas.stroke(frame.points([(base, radius, 0), grip]), max(2.0, 0.09 * metre), METAL)
    dark, seat = shade(DARK, 1.1), shade(DARK, 0.8)
    if scooter:
        rear = [(-0.9, 0.42), (-0.2, 0.3), (0.0, 0.55), (-0.1, 0.74), (-0.85, 0.78)]
        prism(canvas, frame, [Corner(u, h, 0.19, paint) for u, h in rear], paint, light)
        shield = [(0.3, 0.3), (0.46, 0.3), (0.42, 0.98), (0.3, 1.0)]
        prism(canvas, frame, [Corner(u, h, 0.22, paint) for u, h in shield], paint, light)
        floor = [(-0.3, 0.26), (0.45, 0.26), (0.45, 0.34), (-0.3, 0.34)]
        prism(canvas, frame, [Corner(u, h, 0.18, dark) for u, h in floor], dark, light)
    else:
        engine = [(-0.4, 0.24), (0.3, 0.24), (0.42, 0.6), (-0.3, 0.66)]
        prism(canvas, frame, [Corner(u, h, 0.18, METAL) for u, h in engine], dark, light)
        tail = [(-0.9, 0.7), (-0.3, 0.56), (-0.1, 0.72), (-0.95, 0.86)]
        prism(canvas, frame, [Corner(u, h, 0.13, paint) for u, h in tail], paint, light)
        tank = [(-0.15, 0.64), (0.35, 0.6), (0.42, 0.86), (0.2, 0.98), (-0.12, 0.86)]
        prism(canvas, frame, [Corner(u, h, 0.17, paint) for u, h in tank], paint, light)
        canvas.capsule(at(-0.95, 0.4, 0.2), at(-0.2, 0.32, 0.2), 0.06 * metre, 0.045 * metre, (156, 158, 162))
        if rng.random() < 0.4:
            fairing = [(0.3, 0.5), (0.7, 0.72), (0.62, 1.0), (0.4, 1.12), (0.35, 0.8)]
            prism(canvas, frame, [Corner(u, h, 0.2, paint) for u, h in fairing], paint, light)
    canvas.capsule(at(-0.75, 0.84), at(-0.12, 0.84), 0.07 * metre, 0.06 * metre, seat)
    bar = [(grip[0] - 0.12, 1.08, -0.34), grip, (grip[0] - 0.12, 1.08, 0.34)]
    canvas.stroke(frame.points(bar), max(2.0, 0.05 * metre), DARK)
    for v in (-0.36, 0.36):
        canvas.ellipse(at(grip[0] - 0.1, 1.2, v), 0.06 * metre, 0.045 * metre, DARK)
    lamp = shining(HEADLAMP) if lamps_on else (226, 228, 226)
    if frame.eye[0] > 0:
        canvas.ellipse(at(base * 0.75, 0.92), 0.09 * metre, 0.09 * metre, lamp)
    else:
        canvas.ellipse(at(-0.95, 0.74), 0.06 * metre, 0.05 * metre, shining(TAILLAMP) if lamps_on else (160, 26, 28))
    return scooter


def _tyre(u: float, radius: float) -> list[Corner]:
    step = 2 * math.pi / 14
    return [
        Corner(u + radius * math.cos(k * step), radius + radius * math.sin(k * step), 0.08, TYRE) for k in range(14)
    ]


def motorcyclist(scooter: bool) -> Pose:
    reach = 0.1 if scooter else 0.22
    foot = (0.2, 0.36) if scooter else (-0.05, 0.34)
    knee = (0.18, 0.78) if scooter else (0.2, 0.72)
    return Pose(
        (reach + 0.02, 1.56, 0.0), (reach - 0.06, 1.41, 0.0),
        ((reach - 0.08, 1.35, -0.2), (reach - 0.08, 1.35, 0.2)),
        ((reach + 0.08, 1.12, -0.34), (reach + 0.08, 1.12, 0.34)),
        ((0.3, 1.08, -0.32), (0.3, 1.08, 0.32)),
        ((-0.35, 0.9, -0.12), (-0.35, 0.9, 0.12)),
        ((*knee, -0.22), (*knee, 0.22)), ((*foot, -0.22), (*foot, 0.22)), 1.75,
    )  # fmt: skip


def draw_rider(canvas: Canvas, frame: Frame, rng: random.Random, pose: Pose, helmet: bool) -> None:
    looks = draw_looks(rng, helmet)._replace(skirt=0.0)
    draw_figure(canvas, frame, pose, looks)
