"""Draws flat surfaces: the sky's gradient, then terrain, road, sidewalks, rails and markings."""

import random
from typing import NamedTuple

from PIL import Image

from mnv3.tools.streets.scene import palette
from mnv3.tools.streets.scene.canvas import Canvas, mix, shade
from mnv3.tools.streets.scene.mood import Mood
from mnv3.tools.streets.scene.palette import pick

FAR = 140.0  # metres; where the street ends in haze
NEAR_EDGE = 1.2  # metres; nearer ground is below the picture's edge


class Street(NamedTuple):
    """The plan of a street along z, its middle at x = 0; metres."""

    half_width: float  # of the carriageway
    sidewalk: float  # width of each sidewalk, including its verge
    verge: float  # width of a strip of grass between kerb and paving; 0 for none
    parking: bool  # a strip for parked cars on both sides of the carriageway
    rails: bool  # a tram runs along the middle
    crossing: float | None  # where the crossing street begins
    crossing_width: float

    @property
    def front(self) -> float:
        """Distance from the middle to the houses or gardens."""
        return self.half_width + self.sidewalk


def draw_sky(canvas: Canvas, mood: Mood) -> None:
    canvas.begin("sky", float("inf"))
    horizon = int(min(canvas.height, max(4, canvas.camera.horizon + 2)))
    strip = Image.new("RGBX", (1, 16))
    for row in range(16):
        strip.putpixel((0, row), (*mix(mood.zenith, mood.haze, (row / 15) ** 1.4), 255))
    canvas.image.paste(strip.resize((canvas.width, horizon), Image.Resampling.BILINEAR), (0, 0))
    canvas.mask([(0, 0), (canvas.width, 0), (canvas.width, horizon), (0, horizon)])


def draw_ground(canvas: Canvas, street: Street, rng: random.Random) -> None:
    ground = canvas.camera.ground
    grass = pick(rng, palette.GRASS)
    canvas.begin("terrain", 0)
    canvas.polygon(ground(-300, 300, NEAR_EDGE, FAR * 4), grass)
    half = street.half_width
    asphalt = shade(rng.choice([(104, 104, 108), (92, 92, 96), (118, 116, 114), (84, 86, 92)]), rng.uniform(0.9, 1.1))
    paving = shade(
        rng.choice([(172, 166, 158), (158, 156, 156), (182, 168, 152), (146, 142, 138)]), rng.uniform(0.9, 1.08)
    )
    canvas.begin("sidewalk", 0)
    _sidewalks(canvas, street, paving)
    if street.verge:
        canvas.begin("terrain", 0)
        for side in (-1, 1):
            left, right = sorted((side * (half + 0.22), side * (half + street.verge)))
            for near, far in spans(street, NEAR_EDGE, FAR, 4.5):
                canvas.polygon(ground(left, right, near, far), grass)
    canvas.begin("road", 0)
    canvas.polygon(ground(-half, half, NEAR_EDGE, FAR), asphalt)
    if street.crossing is not None:
        canvas.polygon(ground(-90, 90, street.crossing, street.crossing + street.crossing_width), asphalt)
    _markings(canvas, street, rng)
    if street.parking:
        canvas.begin("parking", 0)
        bay = shade(asphalt, 1.14)
        for near, far in spans(street, NEAR_EDGE, FAR, 3.0):
            for left, right in ((-half, -half + 2.2), (half - 2.2, half)):
                canvas.polygon(ground(left, right, near, far), bay)
    if street.rails:
        canvas.begin("rail track", 0)
        for middle in (-1.5, 1.5):
            canvas.polygon(ground(middle - 1.0, middle + 1.0, NEAR_EDGE, FAR), shade(asphalt, 0.93))
            for x in (middle - 0.72, middle + 0.72):
                canvas.detail(ground(x - 0.05, x + 0.05, NEAR_EDGE, FAR), (168, 168, 170))
                canvas.detail(ground(x + 0.05, x + 0.12, NEAR_EDGE, FAR), shade(asphalt, 0.6))


def spans(street: Street, near: float, far: float, margin: float = 0.0) -> list[tuple[float, float]]:
    """Return the stretches of the street from near to far without the crossing, farthest first."""
    if street.crossing is None:
        return [(near, far)]
    before, after = street.crossing - margin, street.crossing + street.crossing_width + margin
    return [span for span in ((max(near, after), far), (near, min(far, before))) if span[0] < span[1]]


def _sidewalks(canvas: Canvas, street: Street, paving: tuple[int, ...]) -> None:
    ground, half, front = canvas.camera.ground, street.half_width, street.front
    if street.crossing is not None:
        canvas.polygon(ground(-90, 90, street.crossing - 2.5, street.crossing + street.crossing_width + 2.5), paving)
    for side in (-1, 1):
        near_edge, far_edge = sorted((side * half, side * front))
        canvas.polygon(ground(near_edge, far_edge, NEAR_EDGE, FAR), paving)
        for step in range(26):
            z = 2.0 + step * 1.2
            canvas.stroke(
                canvas.camera.points([(near_edge, 0, z), (far_edge, 0, z)]), 1, shade(paving, 0.9), mark=False
            )
        inner = side * (half + 0.22)
        left, right = sorted((side * half, inner))
        for near, far in spans(street, NEAR_EDGE, FAR, 0.3):
            canvas.detail(ground(left, right, near, far), shade(paving, 1.16))


def _markings(canvas: Canvas, street: Street, rng: random.Random) -> None:
    """Draw the centre line, edge lines, and a zebra with a stop line before the crossing."""
    ground = canvas.camera.ground
    white = shade((226, 226, 222), rng.uniform(0.85, 1.0))
    edge = street.half_width - (2.3 if street.parking else 0.3)
    solid, phase = rng.random() < 0.3, rng.uniform(0, 3)
    for near, far in spans(street, NEAR_EDGE, 90, 4.5):
        if not street.rails:
            if solid:
                canvas.detail(ground(-0.07, 0.07, near, far), white)
            else:
                z = near + phase
                while z < min(far, 60):
                    canvas.detail(ground(-0.08, 0.08, z, min(far, z + 2.6)), white)
                    z += 5.2
        for x in (-edge, edge):
            canvas.detail(ground(x - 0.06, x + 0.06, near, far), white)
    if street.crossing is None:
        return
    for near in (street.crossing - 4.0, street.crossing + street.crossing_width + 1.2):
        x = -street.half_width + 0.3
        while near > NEAR_EDGE and x < street.half_width - 0.4:
            canvas.detail(ground(x, x + 0.5, near, near + 2.8), white)
            x += 1.0
    if street.crossing > 6.5:
        canvas.detail(ground(0, street.half_width, street.crossing - 5.0, street.crossing - 4.6), white)
