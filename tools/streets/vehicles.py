"""Cars, buses, trucks and trams: prisms with windows, wheels and lamps."""

import random
from typing import NamedTuple

from tools.streets import palette
from tools.streets.camera import Frame
from tools.streets.canvas import Canvas, Colour, mix, shade, shining
from tools.streets.palette import DARK, GLASS, METAL, TYRE, pick
from tools.streets.solids import Corner, Light, box, disc, lit, prism

HEADLAMP, TAILLAMP = (255, 246, 214), (206, 28, 30)


class Shape(NamedTuple):
    """A car's side view in parts of its length (0.5 = front) and height; `G` faces are glass."""

    length: tuple[float, float]  # metres, smallest and largest
    height: tuple[float, float]
    corners: tuple[tuple[float, float, str], ...]
    windows: tuple[tuple[tuple[float, float], ...], ...]
    belt: float  # where the windows begin, in parts of the height


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


def _wheels(canvas: Canvas, frame: Frame, places: list[float], radius: float, half_width: float, near: bool) -> None:
    """One side's wheels; the far side's are only seen under the body."""
    v = frame.near_side * half_width * (1 if near else -1)
    for u in places:
        canvas.polygon(disc(frame, u, radius, v, radius), TYRE)
        if near:
            canvas.detail(disc(frame, u, radius, v, radius * 0.62, 10), (150, 153, 158))
            canvas.detail(disc(frame, u, radius, v, radius * 0.22, 6), DARK)


def _end_patches(canvas: Canvas, frame: Frame, u: float, patches: list[tuple[float, float, float, float, Colour]]) -> None:
    """Paint (v0, v1, h0, h1, colour) on the front or rear face at u, and mirrored on its other half, if it is seen."""
    if (frame.eye[0] - u) * u <= 0:
        return
    for v0, v1, h0, h1, colour in patches:
        for side in (1, -1):
            corners = [(u, h0, side * v0), (u, h0, side * v1), (u, h1, side * v1), (u, h1, side * v0)]
            canvas.detail(frame.points(corners), colour)


def _underside(canvas: Canvas, frame: Frame, length: float, half_width: float) -> None:
    """The dark strip of ground below the body."""
    u, v = length * 0.49, half_width
    canvas.detail(frame.points([(-u, 0, -v), (u, 0, -v), (u, 0, v), (-u, 0, v)]), (26, 26, 29))


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
    _underside(canvas, frame, length, half)
    _wheels(canvas, frame, axles, radius, half * 0.9, near=False)
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
                frame.points([(u, 0.26 * height, side * half), (u, 0.63 * height, side * half)]), 1, shade(paint, 0.6), mark=False
            )
        _wheels(canvas, frame, axles, radius, half, near=True)
    head = shining(HEADLAMP) if lamps_on else (226, 230, 232)
    tail = shining(TAILLAMP) if lamps_on else (168, 26, 30)
    grille = [(0, half * 0.5, 0.3 * height, 0.4 * height, DARK), (0, half, 0.17 * height, 0.24 * height, DARK)]
    lamp = (half * 0.6, half * 0.96, 0.38 * height, 0.46 * height, head)
    plate = (0, 0.26, 0.27 * height, 0.34 * height, (232, 230, 214))
    _end_patches(canvas, frame, length * 0.5, [*grille, lamp, plate])
    rear = (half * 0.66, half * 0.97, 0.42 * height, 0.56 * height, tail)
    _end_patches(canvas, frame, -length * 0.5, [(0, half, 0.17 * height, 0.25 * height, DARK), rear, plate])


def draw_bus(canvas: Canvas, frame: Frame, rng: random.Random, light: Light, lamps_on: bool) -> None:
    double = rng.random() < 0.25
    length, height, half = rng.uniform(9.0, 11.5), 4.2 if double else rng.uniform(2.9, 3.2), 1.25
    paint, band = pick(rng, palette.BUS_PAINT), pick(rng, palette.SIGNAGE)
    glass = shining((190, 176, 124)) if lamps_on else GLASS
    low, axles = 0.32, [-length * 0.27, length * 0.3]
    corners = [
        Corner(-length / 2, low, half, paint), Corner(length / 2, low, half, paint),
        Corner(length / 2, 1.0, half, glass), Corner(length / 2 - 0.15, 2.35, half, paint),
        Corner(length / 2 - 0.2, height, half * 0.95, paint), Corner(-length / 2, height, half * 0.95, paint),
        Corner(-length / 2, 2.3, half, glass), Corner(-length / 2, 1.4, half, paint),
    ]  # fmt: skip
    _underside(canvas, frame, length, half)
    _wheels(canvas, frame, axles, 0.48, half * 0.9, near=False)
    prism(canvas, frame, corners, paint, light)
    side = frame.near_side * half
    if abs(frame.eye[2]) > half * 0.9:
        count = rng.randint(5, 7)
        pitch = length * 0.94 / count
        for deck in (1.05, 2.85)[: 2 if double else 1]:
            for k in range(count):
                u = -length * 0.47 + k * pitch
                door = deck < 2 and k in (count - 1, count // 2)
                h0 = low + 0.1 if door else deck + 0.1
                pane = [(u + 0.07, h0), (u + pitch - 0.07, h0), (u + pitch - 0.07, deck + 1.12), (u + 0.07, deck + 1.12)]
                canvas.detail(frame.points([(a, b, side) for a, b in pane]), glass)
                if door:
                    middle = u + pitch / 2
                    canvas.stroke(frame.points([(middle, h0, side), (middle, deck + 1.1, side)]), 2, paint, mark=False)
        stripe = [(-length / 2, 0.62), (length / 2, 0.62), (length / 2, 0.82), (-length / 2, 0.82)]
        canvas.detail(frame.points([(a, b, side) for a, b in stripe]), lit(band, frame, (0, 0, frame.near_side), light))
        _wheels(canvas, frame, axles, 0.48, half, near=True)
    head = shining(HEADLAMP) if lamps_on else (230, 232, 230)
    sign = (0, half * 0.8, height - 0.42, height - 0.12, shining((250, 170, 40)))
    _end_patches(canvas, frame, length / 2, [(half * 0.6, half * 0.92, 0.55, 0.78, head), (0, half, low, 0.45, DARK), sign])
    tail = shining(TAILLAMP) if lamps_on else (160, 24, 28)
    _end_patches(canvas, frame, -length / 2, [(half * 0.78, half * 0.95, 0.6, 1.2, tail), (0, half * 0.6, 0.5, 1.1, shade(paint, 0.5))])
    if double:
        _end_patches(canvas, frame, length / 2 - 0.18, [(0, half * 0.9, 2.7, 3.7, glass)])


def draw_tram(canvas: Canvas, frame: Frame, rng: random.Random, light: Light, lamps_on: bool) -> None:
    length, height, half = rng.uniform(15, 22), 3.3, 1.2
    paint, lower = pick(rng, palette.TRAM_PAINT), pick(rng, palette.TRAM_PAINT)
    glass = shining((196, 180, 128)) if lamps_on else GLASS
    end = length / 2
    corners = [
        Corner(-end, 0.2, half, lower), Corner(end, 0.2, half, lower), Corner(end + 0.3, 1.0, half * 0.8, glass),
        Corner(end - 0.4, 2.6, half * 0.9, paint), Corner(end - 0.9, height, half * 0.9, paint),
        Corner(-end + 0.9, height, half * 0.9, paint), Corner(-end + 0.4, 2.6, half * 0.9, glass),
        Corner(-end - 0.3, 1.0, half * 0.8, lower),
    ]  # fmt: skip
    _underside(canvas, frame, length, half)
    for u in (-length * 0.2, length * 0.1):
        arm = frame.points([(u, height, 0), (u + 0.9, height + 0.7, 0), (u + 0.1, height + 1.3, 0)])
        canvas.stroke(arm, 0.07 * frame.pixels(u), DARK)
    prism(canvas, frame, corners, paint, light)
    side = frame.near_side * half
    if abs(frame.eye[2]) > half * 0.9:
        skirt = [(-end, 0.2), (end, 0.2), (end + 0.2, 1.15), (-end - 0.2, 1.15)]
        canvas.detail(frame.points([(a, b, side) for a, b in skirt]), lit(lower, frame, (0, 0, frame.near_side), light))
        pitch = 1.6
        for k in range(int(length / pitch)):
            u = -end + 0.5 + k * pitch
            h0 = 0.5 if k % 4 == 2 else 1.3
            pane = [(u, h0), (u + pitch - 0.2, h0), (u + pitch - 0.2, 2.55), (u, 2.55)]
            canvas.detail(frame.points([(a, b, side) for a, b in pane]), glass)
        for joint in (-length / 6, length / 6):
            fold = [(joint - 0.2, 0.3), (joint + 0.2, 0.3), (joint + 0.2, height), (joint - 0.2, height)]
            canvas.detail(frame.points([(a, b, side * 0.98) for a, b in fold]), DARK)
    head = shining(HEADLAMP) if lamps_on else (232, 232, 226)
    _end_patches(canvas, frame, end, [(half * 0.4, half * 0.68, 0.6, 0.85, head)])
    _end_patches(canvas, frame, end - 0.6, [(0, half * 0.7, 2.8, 3.1, shining((250, 180, 60)))])
    _end_patches(canvas, frame, -end, [(half * 0.4, half * 0.68, 0.6, 0.85, (170, 30, 30))])


def _cab(canvas: Canvas, frame: Frame, paint: Colour, u: float, depth: float, light: Light, lamps_on: bool) -> None:
    """A truck's cab from u to u + depth."""
    half, front = 1.2, u + depth
    glass = mix(GLASS, (150, 176, 196), 0.2)
    corners = [
        Corner(u, 0.45, half, paint), Corner(front, 0.45, half, paint), Corner(front, 1.45, half, glass),
        Corner(front - 0.25, 2.45, half * 0.95, paint), Corner(front - 0.5, 2.75, half * 0.95, paint),
        Corner(u, 2.75, half * 0.95, paint),
    ]  # fmt: skip
    prism(canvas, frame, corners, paint, light)
    if abs(frame.eye[2]) > half:
        side = frame.near_side * half
        pane = [(u + depth * 0.3, 1.5), (front - 0.12, 1.5), (front - 0.36, 2.4), (u + depth * 0.3, 2.4)]
        canvas.detail(frame.points([(a, b, side) for a, b in pane]), glass)
    head = shining(HEADLAMP) if lamps_on else (232, 232, 228)
    lamp = (half * 0.62, half * 0.95, 0.62, 0.85, head)
    _end_patches(canvas, frame, front, [(0, half * 0.6, 0.75, 1.3, DARK), (0, half, 0.45, 0.58, METAL), lamp])


def draw_truck(canvas: Canvas, frame: Frame, rng: random.Random, light: Light, lamps_on: bool) -> None:
    length = rng.uniform(6.2, 9.0)
    cab_depth = rng.uniform(1.7, 2.0)
    paint, cargo = pick(rng, palette.CAB_PAINT), pick(rng, palette.CARGO_PAINT)
    rear, split = -length / 2, length / 2 - cab_depth - 0.25
    axles = [rear + 1.3, length / 2 - 1.0] + ([rear + 2.4] if length > 7.5 else [])
    kind = rng.choice(("box", "box", "tipper", "tank"))
    _underside(canvas, frame, length, 1.2)
    _wheels(canvas, frame, axles, 0.5, 1.05, near=False)

    def load() -> None:
        prism(canvas, frame, box(rear, length / 2 - 0.4, 0.55, 0.85, 1.1, DARK), DARK, light)
        if kind == "tank":
            profile = [(rear, 1.2), (rear + 0.3, 0.85), (split - 0.3, 0.85), (split, 1.2), (split, 2.4)]
            profile += [(split - 0.3, 2.75), (rear + 0.3, 2.75), (rear, 2.4)]
            prism(canvas, frame, [Corner(u, h, 1.15, cargo) for u, h in profile], cargo, light)
        elif kind == "tipper":
            profile = [(rear + 0.3, 0.85), (split, 0.85), (split, 2.3), (rear, 2.0)]
            prism(canvas, frame, [Corner(u, h, 1.2, cargo) for u, h in profile], cargo, light)
        else:
            prism(canvas, frame, box(rear, split, 0.8, rng.uniform(3.0, 3.6), 1.24, cargo), cargo, light)
        _load_marks(canvas, frame, rng, kind, rear, split, cargo)

    if frame.eye[0] > split:  # the cab is nearer
        load()
        _cab(canvas, frame, paint, split + 0.2, cab_depth, light, lamps_on)
    else:
        _cab(canvas, frame, paint, split + 0.2, cab_depth, light, lamps_on)
        load()
    if abs(frame.eye[2]) > 1.1:
        _wheels(canvas, frame, axles, 0.5, 1.18, near=True)
    tail = shining(TAILLAMP) if lamps_on else (160, 24, 28)
    _end_patches(canvas, frame, rear, [(0.75, 1.1, 0.6, 0.78, tail), (0.0, 1.15, 0.5, 0.56, DARK)])


def _load_marks(
    canvas: Canvas, frame: Frame, rng: random.Random, kind: str, rear: float, split: float, cargo: Colour
) -> None:
    """What is painted on a truck's load: a stripe or an emblem, ribs, the gap between its rear doors."""
    ink, side = pick(rng, palette.SIGNAGE), frame.near_side * 1.25
    u0, u1 = rear + (split - rear) * rng.uniform(0.15, 0.3), rear + (split - rear) * rng.uniform(0.6, 0.85)
    if abs(frame.eye[2]) > 1.3:
        if kind == "tipper":
            for k in range(1, 5):
                u = rear + (split - rear) * k / 5
                canvas.stroke(frame.points([(u, 0.9, side), (u, 2.0, side)]), 2, shade(cargo, 0.7), mark=False)
        else:
            h0 = rng.uniform(1.3, 1.9)
            stripe = [(u0, h0), (u1, h0), (u1, h0 + 0.5), (u0, h0 + 0.5)]
            canvas.detail(frame.points([(a, b, side) for a, b in stripe]), ink)
    if kind == "box" and frame.eye[0] < rear:
        for v in (0.0, -1.0, 1.0):
            canvas.stroke(frame.points([(rear, 0.85, v), (rear, 2.95, v)]), 1.5, shade(cargo, 0.6), mark=False)
