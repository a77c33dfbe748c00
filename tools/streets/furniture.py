"""Street furniture: lamps, traffic lights, signs, and clutter that may be mistaken for something else."""

import math
import random

from tools.streets import palette
from tools.streets.camera import Frame, Point
from tools.streets.canvas import Canvas, Colour, mix, shade, shining
from tools.streets.mood import Mood
from tools.streets.palette import DARK, METAL, pick
from tools.streets.solids import Corner, box, prism

# The letters of STOP as pen strokes in a unit square.
STOP_LETTERS = (
    ((1, 0.9), (0.2, 1), (0, 0.75), (0.2, 0.55), (0.8, 0.45), (1, 0.25), (0.8, 0), (0, 0.1)),
    ((0.5, 0), (0.5, 1), (0, 1), (1, 1)),
    ((0.2, 0), (0, 0.3), (0, 0.7), (0.2, 1), (0.8, 1), (1, 0.7), (1, 0.3), (0.8, 0), (0.2, 0)),
    ((0, 0), (0, 1), (0.8, 1), (1, 0.75), (0.8, 0.5), (0, 0.5)),
)


def _pole(canvas: Canvas, x: float, z: float, height: float, thickness: float, colour: Colour) -> None:
    canvas.begin("pole", z)
    camera, half = canvas.camera, thickness / 2
    canvas.polygon(camera.points([(x - half, 0, z), (x + half, 0, z), (x + half * 0.8, height, z), (x - half * 0.8, height, z)]), colour)
    canvas.detail(camera.points([(x - half, 0, z), (x - half * 0.3, 0, z), (x - half * 0.3, height, z), (x - half * 0.8, height, z)]), shade(colour, 1.25))


def draw_lamp(canvas: Canvas, x: float, z: float, mood: Mood, rng: random.Random) -> None:
    colour, height, camera = shade(METAL, rng.uniform(0.5, 1.0)), rng.uniform(4.2, 6.5), canvas.camera
    _pole(canvas, x, z, height, 0.16, colour)
    arm = -math.copysign(rng.uniform(0.8, 1.6), x)
    scale = camera.focal / z
    canvas.stroke(camera.points([(x, height - 0.1, z), (x + arm, height + 0.1, z)]), 0.09 * scale, colour)
    bulb = camera.point(x + arm, height + 0.02, z)
    canvas.ellipse(bulb, 0.35 * scale, 0.1 * scale, shining((255, 236, 186)) if mood.lamps_on else (216, 216, 208))
    if mood.lamps_on:
        canvas.glows.append((bulb, 1.3 * scale, (255, 214, 150)))
        canvas.glows.append((camera.point(x + arm, 0, z), 3.6 * scale, (150, 116, 72)))


def draw_traffic_light(canvas: Canvas, x: float, z: float, mood: Mood, rng: random.Random) -> None:
    """A pole with one or two heads; most face us, some are seen from the side or behind."""
    height, size = rng.uniform(2.5, 3.3), rng.uniform(1.0, 1.25)
    _pole(canvas, x, z, height + 0.2, 0.14, shade(METAL, rng.uniform(0.5, 0.9)))
    turn = math.pi + rng.choice([0.0, 0.0, 0.35, -0.35, 1.2, -1.2, math.pi])
    phase = rng.randrange(4)
    arm = -math.copysign(rng.uniform(1.4, 2.6), x) if rng.random() < 0.35 else 0.0
    if arm:
        canvas.stroke(canvas.camera.points([(x, height + 0.7, z), (x + arm, height + 0.8, z)]), 0.1 * canvas.camera.focal / z, METAL)
        canvas.stroke(canvas.camera.points([(x, height, z), (x, height + 0.75, z)]), 0.12 * canvas.camera.focal / z, METAL)
        _light_head(canvas, Frame(canvas.camera, x + arm, z - 0.1, turn), height + 0.2, size, phase, mood)
    _light_head(canvas, Frame(canvas.camera, x, z - 0.1, turn), height - size, size, phase, mood)


def _light_head(canvas: Canvas, frame: Frame, low: float, size: float, phase: int, mood: Mood) -> None:
    canvas.begin("traffic light", frame.z, "traffic light")
    half = size * 0.19
    prism(canvas, frame, box(-half, half, low, low + size, half, (34, 36, 36)), (44, 46, 46), mood.light)
    if frame.eye[0] < half:
        return
    metre = frame.pixels()
    on = ((0,), (0, 1), (2,), (1,))[phase]
    for k, lamp in enumerate(((244, 50, 40), (255, 190, 40), (60, 224, 120))):
        centre = frame.point(half, low + size * (0.83 - 0.33 * k))
        squash = abs(frame.eye[0]) / math.hypot(frame.eye[0], frame.eye[2])
        radius = size * 0.125 * metre
        colour = shining(lamp) if k in on else shade(lamp, 0.28)
        canvas.ellipse(centre, radius * squash, radius, colour, mark=False)
        if k in on:
            canvas.ellipse(centre, radius * squash * 0.5, radius * 0.5, shining(mix(lamp, (255, 255, 255), 0.6)), mark=False)
            canvas.glows.append((centre, radius * 4, shade(lamp, 0.6)))


def _regular(centre: Point, radius: float, sides: int, squash: float, start: float) -> list[Point]:
    step = 2 * math.pi / sides
    return [
        (centre[0] + radius * squash * math.cos(start + k * step), centre[1] + radius * math.sin(start + k * step))
        for k in range(sides)
    ]


def draw_stop_sign(canvas: Canvas, x: float, z: float, rng: random.Random) -> None:
    height, scale = rng.uniform(1.9, 2.5), canvas.camera.focal / z
    _pole(canvas, x, z, height + 0.3, 0.08, shade(METAL, rng.uniform(0.8, 1.1)))
    canvas.begin("traffic sign", z - 0.05, "stop sign")
    centre, radius, squash = canvas.camera.point(x, height, z), 0.45 * scale, rng.uniform(0.75, 1.0)
    red = shade((190, 24, 32), rng.uniform(0.85, 1.1))
    canvas.polygon(_regular(centre, radius, 8, squash, math.pi / 8), (236, 234, 230))
    canvas.detail(_regular(centre, radius * 0.92, 8, squash, math.pi / 8), red)
    if radius < 9:
        return
    wide, tall = radius * squash * 0.26, radius * 0.5
    for k, letter in enumerate(STOP_LETTERS):
        left, base = centre[0] + (k - 2) * wide * 1.35 + wide * 0.18, centre[1] + tall / 2
        canvas.stroke([(left + a * wide, base - b * tall) for a, b in letter], max(1, radius * 0.09), (240, 238, 234), mark=False)


def draw_sign(canvas: Canvas, x: float, z: float, rng: random.Random) -> None:
    """Any traffic sign but a stop sign."""
    height, scale = rng.uniform(2.0, 2.8), canvas.camera.focal / z
    _pole(canvas, x, z, height + 0.3, 0.08, shade(METAL, rng.uniform(0.8, 1.1)))
    canvas.begin("traffic sign", z - 0.05)
    centre, squash = canvas.camera.point(x, height, z), rng.uniform(0.75, 1.0)
    kind, radius = rng.choice(("ban", "warning", "order", "board")), rng.uniform(0.34, 0.45) * scale
    if kind == "ban":
        canvas.polygon(_regular(centre, radius, 18, squash, 0), (200, 32, 36))
        canvas.detail(_regular(centre, radius * 0.74, 16, squash, 0), (238, 236, 232))
        bar = rng.choice([0.12, 0.35])
        canvas.detail(_regular(centre, radius * bar, 4, squash * 2, math.pi / 4), (40, 40, 44))
    elif kind == "warning":
        canvas.polygon(_regular(centre, radius * 1.15, 3, squash, -math.pi / 2), (202, 36, 36))
        canvas.detail(_regular((centre[0], centre[1] + radius * 0.03), radius * 0.75, 3, squash, -math.pi / 2), (240, 236, 226))
        canvas.detail(_regular((centre[0], centre[1] + radius * 0.1), radius * 0.2, 4, squash, 0), (36, 36, 40))
    elif kind == "order":
        canvas.polygon(_regular(centre, radius, 18, squash, 0), (38, 88, 168))
        arrow = [(0.0, -0.6), (0.4, -0.1), (0.14, -0.1), (0.14, 0.55), (-0.14, 0.55), (-0.14, -0.1), (-0.4, -0.1)]
        canvas.detail([(centre[0] + a * radius * squash, centre[1] + b * radius) for a, b in arrow], (240, 240, 240))
    else:
        ground = rng.choice([(38, 92, 160), (232, 196, 52), (40, 116, 78), (236, 236, 232)])
        wide, tall = radius * 1.7 * squash, radius * 0.75
        canvas.polygon([(centre[0] + a * wide, centre[1] + b * tall) for a, b in ((-1, -1), (1, -1), (1, 1), (-1, 1))], ground)
        ink = (240, 240, 240) if sum(ground) < 420 else (40, 40, 44)
        for row in (-0.4, 0.1, 0.5):
            canvas.stroke([(centre[0] - wide * 0.75, centre[1] + row * tall), (centre[0] + wide * rng.uniform(0, 0.7), centre[1] + row * tall)], tall * 0.2, ink, mark=False)


def draw_clutter(canvas: Canvas, frame: Frame, mood: Mood, rng: random.Random) -> None:
    """Something that stands about: bin, hydrant, letter box, poster pillar, crate, cone, bench."""
    kind = rng.choice(("bin", "hydrant", "letterbox", "poster", "crates", "cone", "bench", "cabinet"))
    canvas.begin("dynamic" if kind in ("cone", "crates") else "static", frame.z)
    light, metre, at = mood.light, frame.pixels(), frame.point
    if kind == "bin":
        paint = pick(rng, [(54, 88, 66), (72, 74, 80), (44, 70, 116), (150, 120, 50)])
        prism(canvas, frame, [Corner(-0.28, 0.05, 0.26, paint), Corner(0.28, 0.05, 0.26, paint), Corner(0.34, 1.0, 0.3, paint), Corner(-0.34, 1.0, 0.3, paint)], paint, light)
        canvas.polygon(frame.points([(-0.38, 1.0, 0.32), (0.38, 1.0, 0.32), (0.34, 1.1, 0.3), (-0.34, 1.1, 0.3)]), shade(paint, 0.8))
    elif kind == "hydrant":
        paint = pick(rng, [(196, 44, 38), (222, 178, 44)])
        canvas.capsule(at(0, 0.12), at(0, 0.62), 0.14 * metre, 0.13 * metre, paint)
        canvas.capsule(at(-0.2, 0.48), at(0.2, 0.48), 0.07 * metre, 0.07 * metre, shade(paint, 0.85))
        canvas.ellipse(at(0, 0.72), 0.11 * metre, 0.09 * metre, shade(paint, 1.1))
    elif kind == "letterbox":
        paint = pick(rng, [(206, 176, 40), (188, 36, 36), (44, 76, 140)])
        prism(canvas, frame, box(-0.25, 0.25, 0.6, 1.35, 0.22, paint), paint, light)
        canvas.stroke([at(0, 0), at(0, 0.62)], 0.12 * metre, DARK)
    elif kind == "poster":
        pillar = (176, 172, 160)
        canvas.polygon(frame.points([(-0.55, 0, 0), (0.55, 0, 0), (0.55, 2.5, 0), (-0.55, 2.5, 0)]), pillar)
        canvas.detail(frame.points([(-0.48, 0.5, 0), (0.48, 0.5, 0), (0.48, 2.35, 0), (-0.48, 2.35, 0)]), pick(rng, palette.SIGNAGE))
        ink = pick(rng, palette.CLOTHES)
        canvas.ellipse(at(0, 1.85), 0.2 * metre, 0.24 * metre, pick(rng, palette.SKIN), mark=False)
        canvas.detail(frame.points([(-0.35, 0.8, 0), (0.35, 0.8, 0), (0.22, 1.6, 0), (-0.22, 1.6, 0)]), ink)
    elif kind == "crates":
        for u, h in ((-0.3, 0.0), (0.25, 0.0), (0.0, 0.45))[: rng.randint(1, 3)]:
            paint = pick(rng, [(176, 140, 96), (150, 116, 78), (84, 110, 150)])
            prism(canvas, frame, box(u - 0.27, u + 0.27, h, h + 0.45, 0.25, paint), paint, light)
    elif kind == "cone":
        canvas.polygon(frame.points([(-0.2, 0, 0), (0.2, 0, 0), (0.05, 0.72, 0), (-0.05, 0.72, 0)]), (232, 98, 36))
        canvas.detail(frame.points([(-0.13, 0.3, 0), (0.13, 0.3, 0), (0.1, 0.46, 0), (-0.1, 0.46, 0)]), (238, 236, 230))
    elif kind == "bench":
        paint = pick(rng, [(128, 90, 58), (96, 70, 48), (70, 96, 76)])
        for u in (-0.7, 0.7):
            prism(canvas, frame, box(u - 0.06, u + 0.06, 0, 0.45, 0.2, DARK), DARK, light)
        prism(canvas, frame, box(-0.9, 0.9, 0.42, 0.5, 0.24, paint), paint, light)
        canvas.polygon(frame.points([(-0.9, 0.6, 0.22), (0.9, 0.6, 0.22), (0.9, 0.9, 0.26), (-0.9, 0.9, 0.26)]), shade(paint, 0.9))
    else:
        paint = pick(rng, [(146, 150, 144), (120, 128, 120)])
        prism(canvas, frame, box(-0.5, 0.5, 0, 1.2, 0.22, paint), paint, light)
        canvas.stroke(frame.points([(0, 0.05, 0.22 * frame.near_side), (0, 1.15, 0.22 * frame.near_side)]), 1, shade(paint, 0.6), mark=False)
