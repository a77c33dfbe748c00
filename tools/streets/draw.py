"""Draws one street scene: a plan, painted from back to front, and the list of visible things."""

import math
import random
from typing import NamedTuple

import numpy as np

from mnv3.tools.streets.scene import palette
from mnv3.tools.streets.scene.actors import draw_actor
from mnv3.tools.streets.scene.canvas import SUPERSAMPLING, Canvas, Segment, shade
from mnv3.tools.streets.scene.ground import Street, draw_ground, draw_sky
from mnv3.tools.streets.scene.layout import place_actors, place_camera, plan_street
from mnv3.tools.streets.scene.light import develop
from mnv3.tools.streets.scene.mood import Mood, draw_mood
from mnv3.tools.streets.scene.shadows import cast_shadows
from mnv3.tools.streets.things.buildings import draw_row, draw_skyline
from mnv3.tools.streets.things.nature import draw_boundary, draw_bush, draw_tree, draw_treeline


class Scene(NamedTuple):
    image: np.ndarray  # [H, W, 3] uint8
    map: np.ndarray  # [H, W] uint8: index into segments
    segments: list[Segment]


def draw_scene(seed: int, size: tuple[int, int], trams: bool = True) -> Scene:
    """Draw the scene of a seed at (height, width) pixels; `trams=False` leaves out rails and what runs on them."""
    rng = random.Random(seed)
    height, width = size[0] * SUPERSAMPLING, size[1] * SUPERSAMPLING
    street, mood = plan_street(rng, trams), draw_mood(rng)
    camera = place_camera(street, rng, width, height)
    canvas = Canvas(camera, width, height)
    actors = place_actors(street, camera, width, rng)
    _draw_surroundings(canvas, street, mood, rng)
    for actor in sorted(actors, key=lambda actor: actor.reach - actor.z):
        draw_actor(canvas, actor, mood, rng)
    if rng.random() < 0.15:
        _draw_bonnet(canvas, rng)
    canvas.finish()
    shadows = cast_shadows(camera, actors, mood.light, size)
    image, keys = develop(canvas, shadows, mood, np.random.default_rng(seed))
    return Scene(image, keys, canvas.segments)


def _draw_surroundings(canvas: Canvas, street: Street, mood: Mood, rng: random.Random) -> None:
    draw_sky(canvas, mood)
    draw_ground(canvas, street, rng)
    if rng.random() < 0.6:
        draw_treeline(canvas, rng)
    if rng.random() < 0.6:
        draw_skyline(canvas, street, rng)
    for side in (-1, 1):
        kind = rng.choices(("houses", "gardens", "park"), (0.42, 0.33, 0.25))[0]
        if kind != "park":
            draw_row(canvas, street, side, 0.0 if kind == "houses" else rng.uniform(4, 9), mood, rng)
        if kind != "houses":
            greenery = [
                (side * (street.front + rng.uniform(1.5, 12)), rng.uniform(7, 60)) for _ in range(rng.randint(3, 9))
            ]
            for x, z in sorted(greenery, key=lambda place: -place[1]):
                canvas.begin("vegetation", z)
                (draw_tree if rng.random() < 0.7 else draw_bush)(canvas, x, z, mood.light, rng)
            if rng.random() < 0.8:
                draw_boundary(
                    canvas, street, side, rng.choices(("wall", "fence", "hedge"), (0.38, 0.4, 0.22))[0], mood.light, rng
                )


def _draw_bonnet(canvas: Canvas, rng: random.Random) -> None:
    """Draw the front of the car that carries the camera."""
    canvas.begin("ego vehicle", 1.0)
    paint, width, height = palette.pick(rng, palette.CAR_PAINT), canvas.width, canvas.height
    rise = height * rng.uniform(0.05, 0.1)
    arc = [(width * k / 16, height - rise * math.sin(math.pi * (0.12 + 0.76 * k / 16))) for k in range(17)]
    canvas.polygon([(0, height + 1), *arc, (width, height + 1)], shade(paint, 0.7))
    canvas.stroke(arc, 3, shade(paint, 1.1), mark=False)
