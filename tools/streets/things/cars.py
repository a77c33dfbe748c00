"""Cars: prisms over one of a few side views, with windows, wheels and lamps."""

import random
from typing import NamedTuple

from mnv3.tools.streets.scene import palette
from mnv3.tools.streets.scene.camera import Frame
from mnv3.tools.streets.scene.canvas import Canvas, mix, shade, shining
from mnv3.tools.streets.scene.palette import DARK, GLASS, pick
from mnv3.tools.streets.scene.solids import Corner, Light, lit, prism
from mnv3.tools.streets.things.chassis import HEADLAMP, TAILLAMP, draw_end, draw_underside, draw_wheels


class Shape(NamedTuple):
    """A car's side view in fractions of its length (0.5 = front) and height; `G` faces are glass."""

    length: tuple[float, float]  # metres, smallest and largest
    height: tuple[float, float]
    corners: tuple[tuple[float, float, str], ...]
    windows: tuple[tuple[tuple[float, float], ...], ...]
    belt: float  # lower edge of the windows, as a fraction of the height


CARS = (
    Shape(
        (4.3, 4.9), (1.42, 1.52),
        ((-0.5, 0.17, "B"), (0.5, 0.17, "B"), (0.5, 0.46, "B"), (0.46, 0.55, "B"), (0.23, 0.63, "G"), (0.07, 1, "B"),
         (-0.2, 1, "G"), (-0.37, 0.66, "B"), (-0.49, 0.62, "B")),
        (((0.175, 0.65), (0.06, 0.94), (-0.045, 0.94), (-0.045, 0.65)),
         ((-0.065, 0.65), (-0.065, 0.94), (-0.19, 0.94), (-0.315, 0.67))), 0.62,
    ),
    Shape(
        (3.6, 4.1), (1.46, 1.58),
        ((-0.5, 0.17, "B"), (0.5, 0.17, "B"), (0.5, 0.45, "B"), (0.46, 0.56, "B"), (0.27, 0.63, "G"), (0.09, 1, "B"),
         (-0.36, 1, "G"), (-0.47, 0.66, "B"), (-0.5, 0.5, "B")),
        (((0.205, 0.65), (0.08, 0.94), (-0.06, 0.94), (-0.06, 0.65)),
         ((-0.085, 0.65), (-0.085, 0.94), (-0.33, 0.94), (-0.41, 0.68))), 0.62,
    ),
    Shape(
        (4.5, 4.9), (1.68, 1.86),
        ((-0.5, 0.2, "B"), (0.5, 0.2, "B"), (0.5, 0.52, "B"), (0.47, 0.59, "B"), (0.24, 0.64, "G"), (0.12, 1, "B"),
         (-0.43, 1, "G"), (-0.49, 0.64, "B"), (-0.5, 0.5, "B")),
        (((0.19, 0.66), (0.1, 0.94), (-0.03, 0.94), (-0.03, 0.66)),
         ((-0.05, 0.66), (-0.05, 0.94), (-0.22, 0.94), (-0.22, 0.66)),
         ((-0.24, 0.66), (-0.24, 0.94), (-0.4, 0.94), (-0.44, 0.68))), 0.64,
    ),
    Shape(
        (4.1, 4.5), (1.26, 1.36),
        ((-0.5, 0.17, "B"), (0.5, 0.17, "B"), (0.5, 0.42, "B"), (0.44, 0.56, "B"), (0.16, 0.64, "G"), (-0.01, 1, "B"),
         (-0.16, 1, "G"), (-0.42, 0.68, "B"), (-0.5, 0.62, "B")),
        (((0.11, 0.66), (0, 0.94), (-0.14, 0.94), (-0.3, 0.68)),), 0.64,
    ),
)  # fmt: skip


def draw_car(canvas: Canvas, frame: Frame, rng: random.Random, light: Light, lamps_on: bool) -> None:
    shape = rng.choice(CARS)
    length, height, half = rng.uniform(*shape.length), rng.uniform(*shape.height), rng.uniform(0.86, 0.94)
    paint = pick(rng, palette.CAR_PAINT)
    glass = mix(GLASS, (150, 176, 196), rng.uniform(0, 0.35))
    radius = height * 0.225
    axles = [-length * 0.3, length * 0.31]
    corners = []
    for u, h, kind in shape.corners:
        narrowing = 1 - 0.2 * max(0.0, (h - shape.belt) / (1 - shape.belt))
        corners.append(Corner(u * length, h * height, half * narrowing, glass if kind == "G" else paint))
    draw_underside(canvas, frame, length, half)
    draw_wheels(canvas, frame, axles, radius, half * 0.9, near=False)
    prism(canvas, frame, corners, paint, light)
    side = frame.near_side
    if abs(frame.eye[2]) > half * 0.8:
        for window in shape.windows:
            outline = [(u * length, h * height, side * half * (0.98 if h < 0.8 else 0.83)) for u, h in window]
            canvas.detail(frame.points(outline), lit(glass, frame, (0, 0.2, side), light))
        sill = [(-0.49 * length, 0.17 * height), (0.49 * length, 0.17 * height), (0.49 * length, 0.26 * height)]
        sill.append((-0.49 * length, 0.26 * height))
        canvas.detail(frame.points([(u, h, side * half) for u, h in sill]), shade(paint, 0.45))
        for u in (-0.055 * length, 0.19 * length):
            canvas.stroke(
                frame.points([(u, 0.26 * height, side * half), (u, 0.63 * height, side * half)]),
                1,
                shade(paint, 0.6),
                mark=False,
            )
        draw_wheels(canvas, frame, axles, radius, half, near=True)
    head = shining(HEADLAMP) if lamps_on else (226, 230, 232)
    tail = shining(TAILLAMP) if lamps_on else (168, 26, 30)
    grille = [(0, half * 0.5, 0.3 * height, 0.4 * height, DARK), (0, half, 0.17 * height, 0.24 * height, DARK)]
    lamp = (half * 0.6, half * 0.96, 0.38 * height, 0.46 * height, head)
    plate = (0, 0.26, 0.27 * height, 0.34 * height, (232, 230, 214))
    draw_end(canvas, frame, length * 0.5, [*grille, lamp, plate])
    rear = (half * 0.66, half * 0.97, 0.42 * height, 0.56 * height, tail)
    draw_end(canvas, frame, -length * 0.5, [(0, half, 0.17 * height, 0.25 * height, DARK), rear, plate])
