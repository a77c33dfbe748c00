"""Buses, trams and trucks."""

import random

from mnv3.tools.streets.scene import palette
from mnv3.tools.streets.scene.camera import Frame
from mnv3.tools.streets.scene.canvas import Canvas, Colour, mix, shade, shining
from mnv3.tools.streets.scene.palette import DARK, GLASS, METAL, pick
from mnv3.tools.streets.scene.solids import Corner, Light, box, lit, prism
from mnv3.tools.streets.things.chassis import HEADLAMP, TAILLAMP, draw_end, draw_underside, draw_wheels


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
    draw_underside(canvas, frame, length, half)
    draw_wheels(canvas, frame, axles, 0.48, half * 0.9, near=False)
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
                pane = [
                    (u + 0.07, h0),
                    (u + pitch - 0.07, h0),
                    (u + pitch - 0.07, deck + 1.12),
                    (u + 0.07, deck + 1.12),
                ]
                canvas.detail(frame.points([(a, b, side) for a, b in pane]), glass)
                if door:
                    middle = u + pitch / 2
                    canvas.stroke(frame.points([(middle, h0, side), (middle, deck + 1.1, side)]), 2, paint, mark=False)
        stripe = [(-length / 2, 0.62), (length / 2, 0.62), (length / 2, 0.82), (-length / 2, 0.82)]
        canvas.detail(frame.points([(a, b, side) for a, b in stripe]), lit(band, frame, (0, 0, frame.near_side), light))
        draw_wheels(canvas, frame, axles, 0.48, half, near=True)
    head = shining(HEADLAMP) if lamps_on else (230, 232, 230)
    sign = (0, half * 0.8, height - 0.42, height - 0.12, shining((250, 170, 40)))
    draw_end(canvas, frame, length / 2, [(half * 0.6, half * 0.92, 0.55, 0.78, head), (0, half, low, 0.45, DARK), sign])
    tail = shining(TAILLAMP) if lamps_on else (160, 24, 28)
    draw_end(
        canvas,
        frame,
        -length / 2,
        [(half * 0.78, half * 0.95, 0.6, 1.2, tail), (0, half * 0.6, 0.5, 1.1, shade(paint, 0.5))],
    )
    if double:
        draw_end(canvas, frame, length / 2 - 0.18, [(0, half * 0.9, 2.7, 3.7, glass)])


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
    draw_underside(canvas, frame, length, half)
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
    draw_end(canvas, frame, end, [(half * 0.4, half * 0.68, 0.6, 0.85, head)])
    draw_end(canvas, frame, end - 0.6, [(0, half * 0.7, 2.8, 3.1, shining((250, 180, 60)))])
    draw_end(canvas, frame, -end, [(half * 0.4, half * 0.68, 0.6, 0.85, (170, 30, 30))])


def _cab(canvas: Canvas, frame: Frame, paint: Colour, u: float, depth: float, light: Light, lamps_on: bool) -> None:
    """Draw a truck's cab from u to u + depth."""
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
    draw_end(canvas, frame, front, [(0, half * 0.6, 0.75, 1.3, DARK), (0, half, 0.45, 0.58, METAL), lamp])


def draw_truck(canvas: Canvas, frame: Frame, rng: random.Random, light: Light, lamps_on: bool) -> None:
    length = rng.uniform(6.2, 9.0)
    cab_depth = rng.uniform(1.7, 2.0)
    paint, cargo = pick(rng, palette.CAB_PAINT), pick(rng, palette.CARGO_PAINT)
    rear, split = -length / 2, length / 2 - cab_depth - 0.25
    axles = [rear + 1.3, length / 2 - 1.0] + ([rear + 2.4] if length > 7.5 else [])
    kind = rng.choice(("box", "box", "tipper", "tank"))
    draw_underside(canvas, frame, length, 1.2)
    draw_wheels(canvas, frame, axles, 0.5, 1.05, near=False)

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
        draw_wheels(canvas, frame, axles, 0.5, 1.18, near=True)
    tail = shining(TAILLAMP) if lamps_on else (160, 24, 28)
    draw_end(canvas, frame, rear, [(0.75, 1.1, 0.6, 0.78, tail), (0.0, 1.15, 0.5, 0.56, DARK)])


def _load_marks(
    canvas: Canvas, frame: Frame, rng: random.Random, kind: str, rear: float, split: float, cargo: Colour
) -> None:
    """Draw the marks on a truck's load: a stripe or an emblem, ribs, the gap between its rear doors."""
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
