"""A pinhole camera over a flat street, and the local frame of an object in it."""

import math
from collections.abc import Iterable
from typing import NamedTuple

Point = tuple[float, float]

NEAR = 0.8  # metres; nearer points are moved here, so that long things may extend past the camera


class Camera(NamedTuple):
    """World axes in metres: x to the right, y up from the ground, z ahead of the camera; pixels are canvas pixels."""

    focal: float
    centre: float  # column of the vanishing point
    horizon: float  # row of the vanishing point
    x: float  # where the camera stands across the street
    height: float

    def point(self, x: float, y: float, z: float) -> Point:
        z = max(z, NEAR)
        return self.centre + self.focal * (x - self.x) / z, self.horizon - self.focal * (y - self.height) / z

    def points(self, corners: Iterable[tuple[float, float, float]]) -> list[Point]:
        return [self.point(*corner) for corner in corners]

    def ground(self, left: float, right: float, near: float, far: float) -> list[Point]:
        """Return the outline of a rectangle on the ground."""
        return self.points([(left, 0, near), (right, 0, near), (right, 0, far), (left, 0, far)])


class Frame:
    """An object's own axes: u ahead of it, h up, v to its right, with the origin on the ground at (x, z).
    `heading` is the clockwise angle from the camera's view direction: 0 drives away, pi towards the camera."""

    def __init__(self, camera: Camera, x: float, z: float, heading: float) -> None:
        self.camera, self.x, self.z = camera, x, z
        self.sin, self.cos = math.sin(heading), math.cos(heading)
        dx, dz = camera.x - x, -z
        self.eye = (dx * self.sin + dz * self.cos, camera.height, dx * self.cos - dz * self.sin)
        self.near_side = 1.0 if self.eye[2] > 0 else -1.0

    def point(self, u: float, h: float, v: float = 0.0) -> Point:
        return self.camera.point(self.x + u * self.sin + v * self.cos, h, self.z + u * self.cos - v * self.sin)

    def points(self, corners: Iterable[tuple[float, float, float]]) -> list[Point]:
        return [self.point(*corner) for corner in corners]

    def pixels(self, u: float = 0.0, v: float = 0.0) -> float:
        """Return the canvas pixels of one metre at (u, v)."""
        return self.camera.focal / max(self.z + u * self.cos - v * self.sin, NEAR)

    def local(self, direction: tuple[float, float, float]) -> tuple[float, float, float]:
        """Return a world direction (x, y, z) as (u, h, v) of this frame."""
        x, y, z = direction
        return x * self.sin + z * self.cos, y, x * self.cos - z * self.sin
