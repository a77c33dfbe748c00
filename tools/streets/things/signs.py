"""Traffic signs: stop signs and others."""

import math
import random

from mnv3.tools.streets.scene.camera import Point
from mnv3.tools.streets.scene.canvas import Canvas, shade
from mnv3.tools.streets.scene.palette import METAL
from mnv3.tools.streets.things.lamps import draw_pole

# The letters of STOP as pen strokes in a unit square.
STOP_LETTERS = (
    ((1, 0.9), (0.2, 1), (0, 0.75), (0.2, 0.55), (0.8, 0.45), (1, 0.25), (0.8, 0), (0, 0.1)),
    ((0.5, 0), (0.5, 1), (0, 1), (1, 1)),
    ((0.2, 0), (0, 0.3), (0, 0.7), (0.2, 1), (0.8, 1), (1, 0.7), (1, 0.3), (0.8, 0), (0.2, 0)),
    ((0, 0), (0, 1), (0.8, 1), (1, 0.75), (0.8, 0.5), (0, 0.5)),
)


def _regular(centre: Point, radius: float, sides: int, squash: float, start: float) -> list[Point]:
    step = 2 * math.pi / sides
    return [
        (centre[0] + radius * squash * math.cos(start + k * step), centre[1] + radius * math.sin(start + k * step))
        for k in range(sides)
    ]


def draw_stop_sign(canvas: Canvas, x: float, z: float, rng: random.Random) -> None:
    height, scale = rng.uniform(1.9, 2.5), canvas.camera.focal / z
    draw_pole(canvas, x, z, height + 0.3, 0.08, shade(METAL, rng.uniform(0.8, 1.1)))
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
        canvas.stroke(
            [(left + a * wide, base - b * tall) for a, b in letter], max(1, radius * 0.09), (240, 238, 234), mark=False
        )


def draw_sign(canvas: Canvas, x: float, z: float, rng: random.Random) -> None:
    """Draw a traffic sign other than a stop sign."""
    height, scale = rng.uniform(2.0, 2.8), canvas.camera.focal / z
    draw_pole(canvas, x, z, height + 0.3, 0.08, shade(METAL, rng.uniform(0.8, 1.1)))
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
        canvas.detail(
            _regular((centre[0], centre[1] + radius * 0.03), radius * 0.75, 3, squash, -math.pi / 2), (240, 236, 226)
        )
        canvas.detail(_regular((centre[0], centre[1] + radius * 0.1), radius * 0.2, 4, squash, 0), (36, 36, 40))
    elif kind == "order":
        canvas.polygon(_regular(centre, radius, 18, squash, 0), (38, 88, 168))
        arrow = [(0.0, -0.6), (0.4, -0.1), (0.14, -0.1), (0.14, 0.55), (-0.14, 0.55), (-0.14, -0.1), (-0.4, -0.1)]
        canvas.detail([(centre[0] + a * radius * squash, centre[1] + b * radius) for a, b in arrow], (240, 240, 240))
    else:
        ground = rng.choice([(38, 92, 160), (232, 196, 52), (40, 116, 78), (236, 236, 232)])
        wide, tall = radius * 1.7 * squash, radius * 0.75
        canvas.polygon(
            [(centre[0] + a * wide, centre[1] + b * tall) for a, b in ((-1, -1), (1, -1), (1, 1), (-1, 1))], ground
        )
        ink = (240, 240, 240) if sum(ground) < 420 else (40, 40, 44)
        for row in (-0.4, 0.1, 0.5):
            canvas.stroke(
                [
                    (centre[0] - wide * 0.75, centre[1] + row * tall),
                    (centre[0] + wide * rng.uniform(0, 0.7), centre[1] + row * tall),
                ],
                tall * 0.2,
                ink,
                mark=False,
            )
