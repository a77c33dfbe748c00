"""Trees, hedges and treelines; walls and fences that bound the gardens."""

import math
import random

from mnv3.tools.streets.scene import palette
from mnv3.tools.streets.scene.canvas import Canvas, Colour, mix, shade
from mnv3.tools.streets.scene.ground import Street, spans
from mnv3.tools.streets.scene.palette import pick
from mnv3.tools.streets.scene.solids import Light


def _foliage(
    canvas: Canvas,
    x: float,
    y: float,
    z: float,
    radius: float,
    flat: float,
    colour: Colour,
    light: Light,
    rng: random.Random,
    count: int,
) -> None:
    """Draw a crown of leaf clumps round (x, y, z): dark ones low and at the back, light ones towards the sun."""
    centre, scale = canvas.camera.point(x, y, z), canvas.camera.focal / z
    lean = light.direction[0] * light.strength
    clumps = []
    for _ in range(count):
        angle, reach = rng.uniform(0, 2 * math.pi), math.sqrt(rng.random())
        clumps.append((reach * math.cos(angle), reach * math.sin(angle) * flat))
    clumps.sort(key=lambda clump: clump[1])
    for dx, dy in clumps:
        tone = 0.78 + 0.32 * (dy / flat) * 0.7 + 0.16 * dx * lean + rng.uniform(-0.06, 0.06)
        size = radius * scale * rng.uniform(0.24, 0.42)
        place = (centre[0] + dx * radius * 0.78 * scale, centre[1] - dy * radius * 0.78 * scale)
        canvas.ellipse(place, size, size * rng.uniform(0.75, 0.95), shade(colour, tone))


def draw_tree(canvas: Canvas, x: float, z: float, light: Light, rng: random.Random) -> None:
    camera = canvas.camera
    height, scale = rng.uniform(4.5, 9), camera.focal / z
    trunk, colour = rng.uniform(1.8, 2.8), pick(rng, palette.LEAVES, 0.15)
    bark = shade((92, 74, 58), rng.uniform(0.8, 1.15))
    base, fork = camera.point(x, 0, z), camera.point(x, trunk + 0.8, z)
    thick = 0.16 * scale
    canvas.polygon(
        [
            (base[0] - thick, base[1]),
            (base[0] + thick, base[1]),
            (fork[0] + thick * 0.6, fork[1]),
            (fork[0] - thick * 0.6, fork[1]),
        ],
        bark,
    )
    radius = (height - trunk) / 2
    if rng.random() < 0.2:  # a conifer
        for k in range(6):
            y, half = trunk * 0.4 + k * height / 7, radius * (1 - k / 6.5) * 0.9
            tier = camera.points([(x - half, y, z), (x + half, y, z), (x, y + height / 4, z)])
            canvas.polygon(tier, shade(mix(colour, (40, 80, 56), 0.6), 0.75 + 0.06 * k))
        return
    _foliage(canvas, x, trunk + radius, z, radius, 1.0, colour, light, rng, 46 if z < 30 else 22)


def draw_bush(canvas: Canvas, x: float, z: float, light: Light, rng: random.Random) -> None:
    radius = rng.uniform(0.5, 1.1)
    _foliage(canvas, x, radius * 0.6, z, radius, 0.7, pick(rng, palette.LEAVES, 0.15), light, rng, 18)


def draw_treeline(canvas: Canvas, rng: random.Random) -> None:
    """Draw woods on the horizon."""
    canvas.begin("vegetation", 90)
    colour, x = pick(rng, palette.LEAVES), -120.0
    while x < 120:
        radius, z = rng.uniform(3, 7), rng.uniform(70, 90)
        scale = canvas.camera.focal / z
        canvas.ellipse(
            canvas.camera.point(x, radius * 0.6, z),
            radius * scale,
            radius * scale,
            shade(colour, rng.uniform(0.8, 1.05)),
        )
        x += radius * rng.uniform(0.7, 1.5)


def draw_boundary(canvas: Canvas, street: Street, side: int, kind: str, light: Light, rng: random.Random) -> None:
    """Draw a wall, fence or hedge between sidewalk and garden, along one whole side except the crossing."""
    x = side * (street.front + 0.1)
    paint = {
        "wall": pick(rng, [(164, 148, 132), (150, 92, 74), (176, 172, 166), (126, 120, 116)]),
        "fence": pick(rng, [(70, 74, 78), (112, 84, 60), (206, 204, 196), (64, 92, 78)]),
        "hedge": pick(rng, palette.LEAVES),
    }[kind]
    height = {"wall": rng.uniform(0.8, 2.3), "fence": rng.uniform(1.1, 1.9), "hedge": rng.uniform(1.0, 1.9)}[kind]
    for near, far in spans(street, 1.5, 70, 2.6):
        for k in reversed(range(8)):  # pieces, so that haze grows with distance
            z0, z1 = near * (far / near) ** (k / 8), near * (far / near) ** ((k + 1) / 8)
            canvas.begin("vegetation" if kind == "hedge" else kind, (z0 + z1) / 2)
            outline = canvas.camera.points([(x, 0, z0), (x, 0, z1), (x, height, z1), (x, height, z0)])
            if kind == "fence":
                _fence(canvas, x, z0, z1, height, paint)
                canvas.mask(outline)
                continue
            canvas.polygon(outline, shade(paint, 0.9))
            if kind == "wall":
                _courses(canvas, x, z0, z1, height, paint)
            else:
                _leafy_top(canvas, x, z0, z1, height, paint, rng)


def _courses(canvas: Canvas, x: float, z0: float, z1: float, height: float, paint: Colour) -> None:
    line = canvas.camera.points
    rows = int(height / 0.3)
    for k in range(1, rows):
        y = height * k / rows
        canvas.stroke(line([(x, y, z0), (x, y, z1)]), 1, shade(paint, 0.76), mark=False)
        z = math.ceil(z0 / 0.8) * 0.8 + (0.4 if k % 2 else 0.0)
        while z < min(z1, 16):
            canvas.stroke(line([(x, y, z), (x, y + height / rows, z)]), 1, shade(paint, 0.76), mark=False)
            z += 0.8
    canvas.detail(
        line([(x, height - 0.12, z0), (x, height - 0.12, z1), (x, height, z1), (x, height, z0)]), shade(paint, 1.1)
    )


def _fence(canvas: Canvas, x: float, z0: float, z1: float, height: float, paint: Colour) -> None:
    camera = canvas.camera
    for y in (0.25, height - 0.15):
        canvas.detail(camera.points([(x, y, z0), (x, y, z1), (x, y + 0.09, z1), (x, y + 0.09, z0)]), paint)
    pitch = 0.3 if z0 < 16 else 0.6
    z = math.ceil(z0 / pitch) * pitch
    while z < min(z1, 40):
        canvas.stroke(
            camera.points([(x, 0, z), (x, height, z)]), 0.06 * camera.focal / z, shade(paint, 0.92), mark=False
        )
        z += pitch


def _leafy_top(
    canvas: Canvas, x: float, z0: float, z1: float, height: float, paint: Colour, rng: random.Random
) -> None:
    z = z1
    while z > z0:
        size = 0.28 * canvas.camera.focal / z
        for y in (height, rng.uniform(0.1, height * 0.8)):
            canvas.ellipse(
                canvas.camera.point(x, y, z),
                size,
                size * 0.8,
                shade(paint, 0.72 + 0.3 * y / height + rng.uniform(-0.05, 0.05)),
            )
        z -= 0.25 * max(1.0, z / 6)
