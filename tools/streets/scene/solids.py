"""Prisms: a side view extruded to a width, of which only the faces towards the camera are painted."""

import math
from collections.abc import Sequence
from typing import NamedTuple

from mnv3.tools.streets.scene.camera import Frame, Point
from mnv3.tools.streets.scene.canvas import Canvas, Colour, shade


class Corner(NamedTuple):
    """A corner of a side view: metres ahead, metres up, half the width there, and the colour of the face after it."""

    u: float
    h: float
    v: float
    colour: Colour


class Light(NamedTuple):
    """Direction of the light (unit vector to its source, world axes) and its hardness (0 flat .. 1 hard)."""

    direction: tuple[float, float, float]
    strength: float


def lit(colour: Colour, frame: Frame, normal: tuple[float, float, float], light: Light) -> Colour:
    """Return a face's colour under the light, normal in the frame's axes: Lambert over a soft light from above."""
    sun = frame.local(light.direction)
    facing = max(0.0, normal[0] * sun[0] + normal[1] * sun[1] + normal[2] * sun[2])
    return shade(colour, 0.72 + 0.14 * normal[1] + light.strength * 0.42 * (facing - 0.25))


def prism(canvas: Canvas, frame: Frame, corners: Sequence[Corner], side: Colour, light: Light) -> None:
    """Draw a prism; `corners` run counter-clockwise seen from its left with the front to the right.
    Faces across the width come first, far ones before near ones, then the visible side."""
    eye_u, eye_h, _ = frame.eye
    faces = []
    for a, b in zip(corners, [*corners[1:], corners[0]], strict=True):
        du, dh = b.u - a.u, b.h - a.h
        length = math.hypot(du, dh)
        if length == 0 or dh * (eye_u - a.u) - du * (eye_h - a.h) <= 0:
            continue
        distance = math.hypot(eye_u - (a.u + b.u) / 2, eye_h - (a.h + b.h) / 2)
        faces.append((distance, a, b, (dh / length, -du / length, 0.0)))
    for _, a, b, normal in sorted(faces, key=lambda face: -face[0]):
        quad = frame.points([(a.u, a.h, -a.v), (b.u, b.h, -b.v), (b.u, b.h, b.v), (a.u, a.h, a.v)])
        canvas.polygon(quad, lit(a.colour, frame, normal, light))
    seen = frame.near_side
    outline = frame.points([(corner.u, corner.h, corner.v * seen) for corner in corners])
    if abs(frame.eye[2]) > min(corner.v for corner in corners):
        canvas.polygon(outline, lit(side, frame, (0.0, 0.0, seen), light))


def box(u0: float, u1: float, h0: float, h1: float, half_width: float, colour: Colour) -> list[Corner]:
    """Return the side view of a plain box."""
    return [Corner(u, h, half_width, colour) for u, h in ((u0, h0), (u1, h0), (u1, h1), (u0, h1))]


def disc(frame: Frame, u: float, h: float, v: float, radius: float, sides: int = 14) -> list[Point]:
    """Return the outline of a wheel-like disc that stands along the frame."""
    step = 2 * math.pi / sides
    return [frame.point(u + radius * math.cos(k * step), h + radius * math.sin(k * step), v) for k in range(sides)]
