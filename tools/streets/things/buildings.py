"""Rows of houses along the street, and the skyline at its end."""

import random

from mnv3.tools.streets.scene import palette
from mnv3.tools.streets.scene.canvas import Canvas, Colour, mix, shade, shining
from mnv3.tools.streets.scene.ground import Street, spans
from mnv3.tools.streets.scene.mood import Mood
from mnv3.tools.streets.scene.palette import GLASS, pick
from mnv3.tools.streets.scene.solids import Light

LIT = [(255, 214, 140), (255, 232, 180), (240, 190, 110), (214, 226, 236)]


def draw_skyline(canvas: Canvas, street: Street, rng: random.Random) -> None:
    """Draw houses across the end of the street and beyond the gardens, all facing the camera."""
    x = -130.0
    canvas.begin("building", 110)
    while x < 130:
        width, height, z = rng.uniform(8, 20), rng.uniform(7, 24), rng.uniform(95, 125)
        if abs(x + width / 2) > street.front + 2 or rng.random() < 0.6:
            _front(canvas, x, x + width, z, height, pick(rng, palette.FACADES, 0.15), rng)
        x += width * rng.uniform(0.8, 1.5)


def _front(
    canvas: Canvas, left: float, right: float, z: float, height: float, colour: Colour, rng: random.Random
) -> None:
    """Draw a wall across the view, with windows if they would be visible."""
    camera = canvas.camera
    canvas.polygon(camera.points([(left, 0, z), (right, 0, z), (right, height, z), (left, height, z)]), colour)
    pane = mix(colour, GLASS, 0.75)
    if camera.focal * 1.2 / z < 5:
        return
    for storey in range(int((height - 1.5) / 3.1)):
        y = 1.4 + storey * 3.1
        for k in range(int((right - left - 1.5) / 2.8)):
            x = left + 1.2 + k * 2.8
            canvas.detail(camera.points([(x, y, z), (x + 1.2, y, z), (x + 1.2, y + 1.5, z), (x, y + 1.5, z)]), pane)


def draw_row(canvas: Canvas, street: Street, side: int, setback: float, mood: Mood, rng: random.Random) -> None:
    """Draw houses on one side (-1 left, 1 right), `setback` metres from the sidewalk, far ones first."""
    x = side * (street.front + setback)
    for near, far in spans(street, 1.5, 95, 2.5):
        z = far
        while z > near:
            length = rng.uniform(7, 16) * (1 if z < 50 else 2)
            start = max(near, z - length)
            if z - start > 2:
                canvas.begin("building", max(4.0, (start + z) / 2))
                _house(canvas, x, side, start, z, mood, rng)
            z = start - (rng.uniform(1.5, 6) if setback > 1 and rng.random() < 0.6 else 0)


def _house(canvas: Canvas, x: float, side: int, near: float, far: float, mood: Mood, rng: random.Random) -> None:
    camera, light = canvas.camera, mood.light
    storey = rng.uniform(2.9, 3.5)
    storeys = rng.randint(2, 6)
    height = storeys * storey + rng.uniform(0.4, 1.2)
    wall = pick(rng, palette.FACADES)
    facade = _toned(wall, (-side, 0, 0), light)
    back = x + side * 14
    gable = _toned(wall, (0, 0, -1), light)
    canvas.polygon(camera.points([(x, 0, near), (back, 0, near), (back, height, near), (x, height, near)]), gable)
    roof = shade(pick(rng, palette.ROOFS), 0.9)
    if rng.random() < 0.6:
        ridge, top = x + side * 3.5, height + rng.uniform(1.6, 3.0)
        canvas.polygon(camera.points([(x, height, near), (back, height, near), (ridge, top, near)]), gable)
        canvas.polygon(
            camera.points([(x, height, near), (x, height, far), (ridge, top, far), (ridge, top, near)]), roof
        )
    canvas.polygon(camera.points([(x, 0, near), (x, 0, far), (x, height, far), (x, height, near)]), facade)
    band = camera.points([(x, height - 0.35, near), (x, height - 0.35, far), (x, height, far), (x, height, near)])
    canvas.detail(band, shade(facade, 1.12))
    shop = rng.random() < 0.5
    _windows(canvas, x, near, far, storey, storeys, facade, shop, mood, rng)
    if shop:
        _shop(canvas, x, side, near, far, storey, mood, rng)


def _toned(colour: Colour, normal: tuple[float, float, float], light: Light) -> Colour:
    facing = max(0.0, sum(n * d for n, d in zip(normal, light.direction, strict=True)))
    return shade(colour, 0.74 + light.strength * 0.5 * (facing - 0.15))


def _windows(
    canvas: Canvas, x: float, near: float, far: float, storey: float, storeys: int, wall: Colour, shop: bool,
    mood: Mood, rng: random.Random,
) -> None:  # fmt: skip
    camera = canvas.camera
    pitch, width, tall = rng.uniform(2.0, 3.4), rng.uniform(1.0, 1.5), rng.uniform(1.3, 1.9)
    if camera.focal * width * abs(x - camera.x) / near**2 < 1.5:
        return
    glass = mix(GLASS, mood.haze, rng.uniform(0.05, 0.35))
    trim = shade(wall, rng.choice([0.7, 1.25]))
    count = max(1, int((far - near - 0.6) / pitch))
    first = near + ((far - near) - (count - 1) * pitch - width) / 2
    lit_part = 0.45 if mood.name == "night" else 0.3 if mood.lamps_on else 0.0
    for row in range(1 if shop else 0, storeys):
        low = row * storey + 0.95
        if camera.point(x, low, far)[1] < 0:
            break
        for k in range(count):
            z = first + k * pitch
            if z < 1.6:
                continue
            high = low + tall
            colour = shining(rng.choice(LIT)) if rng.random() < lit_part else glass
            frame = [
                (x, low - 0.12, z - 0.1),
                (x, low - 0.12, z + width + 0.1),
                (x, high + 0.1, z + width + 0.1),
                (x, high + 0.1, z - 0.1),
            ]
            if z < 24:
                canvas.detail(camera.points(frame), trim)
            canvas.detail(camera.points([(x, low, z), (x, low, z + width), (x, high, z + width), (x, high, z)]), colour)
            if z < 14:
                middle = z + width / 2
                canvas.stroke(camera.points([(x, low, middle), (x, high, middle)]), 2, trim, mark=False)


def _shop(
    canvas: Canvas, x: float, side: int, near: float, far: float, storey: float, mood: Mood, rng: random.Random
) -> None:
    """Draw a ground floor of shop windows under a coloured sign, sometimes with an awning."""
    camera = canvas.camera
    sign = pick(rng, palette.SIGNAGE)
    glass = (
        shining((224, 190, 132))
        if mood.lamps_on and rng.random() < 0.6
        else mix(GLASS, (120, 130, 130), rng.random() * 0.4)
    )
    near, far = max(1.6, near + 0.4), far - 0.4
    parts = max(1, int((far - near) / rng.uniform(2.5, 4)))
    step = (far - near) / parts
    door = rng.randrange(parts)
    for k in range(parts):
        z0, z1 = near + k * step + 0.15, near + (k + 1) * step - 0.15
        low = 0.05 if k == door else 0.5
        high = storey - 0.75
        canvas.detail(camera.points([(x, low, z0), (x, low, z1), (x, high, z1), (x, high, z0)]), glass)
        for _ in range(2):  # wares
            a = rng.uniform(z0, z1 - 0.4)
            top = rng.uniform(0.9, 1.7)
            ware = pick(rng, palette.CLOTHES) if glass[3:] == () else shining(pick(rng, palette.CLOTHES))
            canvas.detail(
                camera.points([(x, low + 0.05, a), (x, low + 0.05, a + 0.4), (x, top, a + 0.4), (x, top, a)]), ware
            )
    board = [(x, storey - 0.65, near), (x, storey - 0.65, far), (x, storey - 0.05, far), (x, storey - 0.05, near)]
    canvas.detail(camera.points(board), sign)
    if rng.random() < 0.4:
        out = x - side * 1.1
        stripes = max(2, int((far - near) / 0.8))
        width = (far - near) / stripes
        for k in reversed(range(stripes)):
            z0, z1 = near + k * width, near + (k + 1) * width
            cloth = sign if k % 2 else (230, 226, 216)
            canvas.polygon(camera.points([(x, 2.9, z0), (x, 2.9, z1), (out, 2.35, z1), (out, 2.35, z0)]), cloth)
