"""Distractors: street furniture that may be mistaken for something else and is not annotated individually."""

import random
from collections.abc import Callable

from mnv3.tools.streets.scene import palette
from mnv3.tools.streets.scene.camera import Frame
from mnv3.tools.streets.scene.canvas import Canvas, shade
from mnv3.tools.streets.scene.palette import DARK, pick
from mnv3.tools.streets.scene.solids import Corner, Light, box, prism


def _bin(canvas: Canvas, frame: Frame, light: Light, rng: random.Random) -> None:
    paint = pick(rng, [(54, 88, 66), (72, 74, 80), (44, 70, 116), (150, 120, 50)])
    sides = [(-0.28, 0.05, 0.26), (0.28, 0.05, 0.26), (0.34, 1.0, 0.3), (-0.34, 1.0, 0.3)]
    prism(canvas, frame, [Corner(u, h, v, paint) for u, h, v in sides], paint, light)
    lid = [(-0.38, 1.0, 0.32), (0.38, 1.0, 0.32), (0.34, 1.1, 0.3), (-0.34, 1.1, 0.3)]
    canvas.polygon(frame.points(lid), shade(paint, 0.8))


def _hydrant(canvas: Canvas, frame: Frame, light: Light, rng: random.Random) -> None:
    paint, metre, at = pick(rng, [(196, 44, 38), (222, 178, 44)]), frame.pixels(), frame.point
    canvas.capsule(at(0, 0.12), at(0, 0.62), 0.14 * metre, 0.13 * metre, paint)
    canvas.capsule(at(-0.2, 0.48), at(0.2, 0.48), 0.07 * metre, 0.07 * metre, shade(paint, 0.85))
    canvas.ellipse(at(0, 0.72), 0.11 * metre, 0.09 * metre, shade(paint, 1.1))


def _letterbox(canvas: Canvas, frame: Frame, light: Light, rng: random.Random) -> None:
    paint = pick(rng, [(206, 176, 40), (188, 36, 36), (44, 76, 140)])
    prism(canvas, frame, box(-0.25, 0.25, 0.6, 1.35, 0.22, paint), paint, light)
    canvas.stroke([frame.point(0, 0), frame.point(0, 0.62)], 0.12 * frame.pixels(), DARK)


def _poster(canvas: Canvas, frame: Frame, light: Light, rng: random.Random) -> None:
    """Draw a board with a portrait on it."""
    metre = frame.pixels()
    canvas.polygon(frame.points([(-0.55, 0, 0), (0.55, 0, 0), (0.55, 2.5, 0), (-0.55, 2.5, 0)]), (176, 172, 160))
    sheet = [(-0.48, 0.5, 0), (0.48, 0.5, 0), (0.48, 2.35, 0), (-0.48, 2.35, 0)]
    canvas.detail(frame.points(sheet), pick(rng, palette.SIGNAGE))
    ink = pick(rng, palette.CLOTHES)
    canvas.ellipse(frame.point(0, 1.85), 0.2 * metre, 0.24 * metre, pick(rng, palette.SKIN), mark=False)
    canvas.detail(frame.points([(-0.35, 0.8, 0), (0.35, 0.8, 0), (0.22, 1.6, 0), (-0.22, 1.6, 0)]), ink)


def _crates(canvas: Canvas, frame: Frame, light: Light, rng: random.Random) -> None:
    for u, h in ((-0.3, 0.0), (0.25, 0.0), (0.0, 0.45))[: rng.randint(1, 3)]:
        paint = pick(rng, [(176, 140, 96), (150, 116, 78), (84, 110, 150)])
        prism(canvas, frame, box(u - 0.27, u + 0.27, h, h + 0.45, 0.25, paint), paint, light)


def _cone(canvas: Canvas, frame: Frame, light: Light, rng: random.Random) -> None:
    canvas.polygon(frame.points([(-0.2, 0, 0), (0.2, 0, 0), (0.05, 0.72, 0), (-0.05, 0.72, 0)]), (232, 98, 36))
    canvas.detail(frame.points([(-0.13, 0.3, 0), (0.13, 0.3, 0), (0.1, 0.46, 0), (-0.1, 0.46, 0)]), (238, 236, 230))


def _bench(canvas: Canvas, frame: Frame, light: Light, rng: random.Random) -> None:
    paint = pick(rng, [(128, 90, 58), (96, 70, 48), (70, 96, 76)])
    for u in (-0.7, 0.7):
        prism(canvas, frame, box(u - 0.06, u + 0.06, 0, 0.45, 0.2, DARK), DARK, light)
    prism(canvas, frame, box(-0.9, 0.9, 0.42, 0.5, 0.24, paint), paint, light)
    back = [(-0.9, 0.6, 0.22), (0.9, 0.6, 0.22), (0.9, 0.9, 0.26), (-0.9, 0.9, 0.26)]
    canvas.polygon(frame.points(back), shade(paint, 0.9))


def _cabinet(canvas: Canvas, frame: Frame, light: Light, rng: random.Random) -> None:
    paint, face = pick(rng, [(146, 150, 144), (120, 128, 120)]), 0.22 * frame.near_side
    prism(canvas, frame, box(-0.5, 0.5, 0, 1.2, 0.22, paint), paint, light)
    canvas.stroke(frame.points([(0, 0.05, face), (0, 1.15, face)]), 1, shade(paint, 0.6), mark=False)


# Label name and drawing function; movable things are "dynamic" in Cityscapes' terms.
KINDS: tuple[tuple[str, Callable[[Canvas, Frame, Light, random.Random], None]], ...] = (
    ("static", _bin),
    ("static", _hydrant),
    ("static", _letterbox),
    ("static", _poster),
    ("dynamic", _crates),
    ("dynamic", _cone),
    ("static", _bench),
    ("static", _cabinet),
)


def draw_clutter(canvas: Canvas, frame: Frame, light: Light, rng: random.Random) -> None:
    """Draw a bin, hydrant, letter box, poster, crates, cone, bench or cabinet."""
    label, draw = rng.choice(KINDS)
    canvas.begin(label, frame.z)
    draw(canvas, frame, light, rng)
