"""Lays out a scene: the street's plan, and the actors on it, without overlaps."""

import math
import random
from typing import NamedTuple

from mnv3.tools.streets.scene.camera import Camera
from mnv3.tools.streets.scene.ground import Street

AWAY, TOWARDS, RIGHT, LEFT = 0.0, math.pi, math.pi / 2, -math.pi / 2


class Actor(NamedTuple):
    kind: str
    x: float  # metres, where its middle stands
    z: float
    heading: float
    reach: float  # half its extent along z, for the order of painting


class Kind(NamedTuple):
    """Frequency of a kind of actor, nearest and farthest place of its middle, half its length and width (metres)."""

    weight: float
    nearest: float
    farthest: float
    half_length: float
    half_width: float


KINDS = {
    "car": Kind(0.27, 5.6, 22, 2.3, 0.95),
    "bus": Kind(0.085, 9.0, 24, 5.4, 1.3),
    "truck": Kind(0.1, 8.0, 22, 4.2, 1.3),
    "tram": Kind(0.15, 13.0, 30, 10.0, 1.3),
    "person": Kind(0.2, 3.3, 11, 0.35, 0.35),
    "crowd": Kind(0.02, 14.0, 22, 2.2, 1.2),
    "bicycle": Kind(0.095, 3.4, 8.5, 0.95, 0.35),
    "cyclist": Kind(0.075, 3.8, 10, 0.95, 0.4),
    "motorcycle": Kind(0.09, 3.6, 9, 1.1, 0.4),
    "motorcyclist": Kind(0.06, 4.2, 11, 1.1, 0.45),
    "traffic light": Kind(0.09, 3.8, 10.5, 0.3, 0.3),
    "stop sign": Kind(0.1, 3.4, 9.5, 0.3, 0.3),
    "sign": Kind(0.06, 3.6, 12, 0.3, 0.3),
    "lamp": Kind(0.07, 5.0, 30, 0.2, 0.2),
    "clutter": Kind(0.13, 4.0, 14, 0.6, 0.5),
    "tree": Kind(0.08, 7.0, 40, 0.5, 0.5),
    "bush": Kind(0.03, 5.0, 25, 0.8, 0.8),
}


def plan_street(rng: random.Random, trams: bool) -> Street:
    rails = trams and rng.random() < 0.4
    parking = rng.random() < 0.45
    half = rng.uniform(3.2, 4.2) + (2.2 if parking else 0) + (0.8 if rails else 0)
    crossing = rng.uniform(6.0, 12.5) if rng.random() < 0.5 else None
    verge = rng.uniform(0.8, 1.6) if rng.random() < 0.35 else 0.0
    return Street(half, rng.uniform(2.2, 4.5) + verge, verge, parking, rails, crossing, rng.uniform(6.5, 9))


def place_camera(street: Street, rng: random.Random, width: int, height: int) -> Camera:
    """Place the camera: mostly a driver's eyes in the right-hand lane, sometimes a pedestrian's on the sidewalk."""
    x = (
        rng.uniform(0.2, street.half_width - 1.2)
        if rng.random() < 0.75
        else rng.choice([-1, 1]) * rng.uniform(street.half_width, street.front - 0.8)
    )
    centre = width * (0.5 + 0.16 * max(-1.0, min(1.0, x / street.front)) + rng.uniform(-0.12, 0.12))
    return Camera(height * rng.uniform(1.05, 1.35), centre, height * rng.uniform(0.38, 0.52), x, rng.uniform(1.35, 2.1))


def place_actors(street: Street, camera: Camera, width: int, rng: random.Random) -> list[Actor]:
    """Draw a dozen or so actors by `KINDS`' weights; one without a free place in view is left out."""
    weights = [kind.weight for kind in KINDS.values()]
    actors: list[Actor] = []
    taken: list[tuple[float, float, float, float]] = []
    large = 0
    for name in rng.choices(list(KINDS), weights, k=rng.randint(7, 16)):
        if (name == "tram" and not street.rails) or (name in ("bus", "truck", "tram") and large >= 2):
            continue
        for _ in range(24):
            x, heading, z = _place(name, street, rng)
            along = abs(math.cos(heading)) > 0.5
            length, breadth = KINDS[name].half_length, KINDS[name].half_width
            dx, dz = (breadth, length) if along else (length, breadth)
            column = camera.centre + camera.focal * (x - camera.x) / z
            if not 0.03 * width < column < 0.97 * width or z - dz < 2.6:
                continue
            if any(abs(x - a) < dx + b + 0.25 and abs(z - c) < dz + d + 0.4 for a, b, c, d in taken):
                continue
            taken.append((x, dx, z, dz))
            actors.append(Actor(name, x, z, heading, dz))
            large += name in ("bus", "truck", "tram")
            break
    return actors


def _place(name: str, street: Street, rng: random.Random) -> tuple[float, float, float]:
    """Return place across the street, heading, and place along the street, for one attempt."""
    kind, half = KINDS[name], street.half_width
    z = math.exp(rng.uniform(math.log(kind.nearest), math.log(kind.farthest)))
    side = rng.choice([-1, 1])
    walk = side * rng.uniform(half + street.verge + 0.5, street.front - 0.5)
    with_traffic = AWAY if side > 0 else TOWARDS
    jitter = rng.gauss(0, 0.08)
    if name in ("traffic light", "stop sign", "sign", "lamp"):
        if name == "traffic light" and street.crossing is not None and rng.random() < 0.6:
            z = rng.choice([street.crossing - 1.5, street.crossing + street.crossing_width + 0.5])
            z = min(max(z, kind.nearest), kind.farthest * 1.2)
        return side * (half + rng.uniform(0.35, 0.7)), 0.0, z
    if name == "tree":
        return (side * (half + 1.0) if rng.random() < 0.5 else side * (street.front + rng.uniform(2, 9))), 0.0, z
    if name == "bush":
        return side * (street.front + rng.uniform(0.8, 5)), 0.0, z
    if name == "clutter":
        return walk, rng.choice([AWAY, RIGHT, LEFT, TOWARDS]), z
    if name == "tram":
        return side * 1.5, with_traffic, z
    if name == "crowd":
        return walk, RIGHT, z
    if name == "person":
        if rng.random() < 0.25:
            return rng.uniform(-half, half), rng.choice([LEFT, RIGHT]) + rng.gauss(0, 0.3), z
        return walk, rng.choice([AWAY, TOWARDS, TOWARDS, rng.uniform(-math.pi, math.pi)]) + rng.gauss(0, 0.25), z
    if name in ("bicycle", "motorcycle"):
        parked = side * (half + rng.uniform(0.6, max(0.7, street.sidewalk - 0.6)))
        return parked, rng.choice([LEFT, RIGHT, with_traffic, rng.uniform(-math.pi, math.pi)]) + jitter * 2, z
    if street.crossing is not None and rng.random() < 0.55:  # driving across
        lane = rng.choice([-1, 1])
        z = street.crossing + street.crossing_width * (0.5 - 0.25 * lane)
        return rng.uniform(-11, 11), (LEFT if lane < 0 else RIGHT) + jitter, z
    if name in ("cyclist", "motorcyclist"):
        return side * rng.uniform(half * 0.35, half - 0.6), with_traffic + rng.choice([0, 0, 0.5, -0.5]) + jitter, z
    if name == "car" and rng.random() < 0.18:  # turning, or leaving a driveway
        return side * rng.uniform(0.5, half), rng.uniform(-math.pi, math.pi), z
    lane = half - 1.15 if street.parking and rng.random() < 0.6 else (half - (2.3 if street.parking else 0)) * 0.5
    return side * lane, with_traffic + jitter, z
