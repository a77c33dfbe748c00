"""One street scene: a plan, its painting from back to front, and the list of what is seen."""

import math
import random
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from tools.streets import palette
from tools.streets.buildings import draw_row, draw_skyline
from tools.streets.camera import Camera, Frame
from tools.streets.canvas import SUPERSAMPLING, Canvas, Segment
from tools.streets.cycles import cyclist, draw_bicycle, draw_motorcycle, draw_rider, motorcyclist
from tools.streets.furniture import draw_clutter, draw_lamp, draw_sign, draw_stop_sign, draw_traffic_light
from tools.streets.ground import Street, draw_ground, draw_sky
from tools.streets.layout import KINDS, Actor, place_actors, place_camera, plan_street
from tools.streets.light import develop
from tools.streets.mood import Mood, draw_mood
from tools.streets.nature import draw_boundary, draw_bush, draw_tree, draw_treeline
from tools.streets.people import draw_person
from tools.streets.vehicles import draw_bus, draw_car, draw_tram, draw_truck

# How tall an actor is, for its shadow (metres), and how wide where that is not its footprint.
HEIGHTS = {"car": 1.4, "bus": 3.0, "truck": 3.0, "tram": 3.2, "person": 1.7, "crowd": 1.7, "cyclist": 1.7, "motorcyclist": 1.6}
THIN = {"lamp": 0.1, "sign": 0.1, "stop sign": 0.1, "traffic light": 0.12, "person": 0.22}


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
        _draw_actor(canvas, actor, mood, rng)
    if rng.random() < 0.15:
        _draw_bonnet(canvas, rng)
    canvas.finish()
    shadows = _shadows(canvas, actors, street, mood, size)
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
            greenery = [(side * (street.front + rng.uniform(1.5, 12)), rng.uniform(7, 60)) for _ in range(rng.randint(3, 9))]
            for x, z in sorted(greenery, key=lambda place: -place[1]):
                canvas.begin("vegetation", z)
                (draw_tree if rng.random() < 0.7 else draw_bush)(canvas, x, z, mood.light, rng)
            if rng.random() < 0.8:
                draw_boundary(canvas, street, side, rng.choices(("wall", "fence", "hedge"), (0.38, 0.4, 0.22))[0], mood.light, rng)


def _draw_actor(canvas: Canvas, actor: Actor, mood: Mood, rng: random.Random) -> None:
    kind, depth = actor.kind, actor.z
    frame = Frame(canvas.camera, actor.x, actor.z, actor.heading)
    if kind == "person":
        canvas.begin("person", depth, "person")
        draw_person(canvas, frame, rng)
    elif kind == "crowd":
        canvas.begin("person", depth, "person", crowd=True)
        for k in range(rng.randint(7, 12)):
            place = Frame(canvas.camera, actor.x + rng.uniform(-2.4, 2.4), depth + 1.2 - 0.2 * k, rng.uniform(-3, 3))
            draw_person(canvas, place, rng)
    elif kind in ("bicycle", "cyclist"):
        canvas.begin("bicycle", depth, "bicycle")
        draw_bicycle(canvas, frame, rng)
        if kind == "cyclist":
            canvas.begin("rider", depth, "person")
            draw_rider(canvas, frame, rng, cyclist(rng), rng.random() < 0.5)
    elif kind in ("motorcycle", "motorcyclist"):
        canvas.begin("motorcycle", depth, "motorcycle")
        scooter = draw_motorcycle(canvas, frame, rng, mood.light, mood.lamps_on and kind == "motorcyclist")
        if kind == "motorcyclist":
            canvas.begin("rider", depth, "person")
            draw_rider(canvas, frame, rng, motorcyclist(scooter), True)
    elif kind in ("car", "bus", "truck", "tram"):
        name = "train" if kind == "tram" else kind
        canvas.begin(name, depth, None if kind == "tram" else name)
        draw = {"car": draw_car, "bus": draw_bus, "truck": draw_truck, "tram": draw_tram}[kind]
        draw(canvas, frame, rng, mood.light, mood.lamps_on)
        if mood.lamps_on:
            canvas.glows.append((frame.point(KINDS[kind].half_length + 0.5, 0.5), 1.2 * frame.pixels(), (200, 190, 150)))
    elif kind == "traffic light":
        draw_traffic_light(canvas, actor.x, actor.z, mood, rng)
    elif kind == "stop sign":
        draw_stop_sign(canvas, actor.x, actor.z, rng)
    elif kind == "sign":
        draw_sign(canvas, actor.x, actor.z, rng)
    elif kind == "lamp":
        draw_lamp(canvas, actor.x, actor.z, mood, rng)
    elif kind == "clutter":
        draw_clutter(canvas, frame, mood, rng)
    else:
        canvas.begin("vegetation", depth)
        (draw_tree if kind == "tree" else draw_bush)(canvas, actor.x, actor.z, mood.light, rng)


def _draw_bonnet(canvas: Canvas, rng: random.Random) -> None:
    """The front of the car that the camera rides in."""
    canvas.begin("ego vehicle", 1.0)
    paint, width, height = palette.pick(rng, palette.CAR_PAINT), canvas.width, canvas.height
    rise = height * rng.uniform(0.05, 0.1)
    arc = [(width * k / 16, height - rise * math.sin(math.pi * (0.12 + 0.76 * k / 16))) for k in range(17)]
    canvas.polygon([(0, height + 1), *arc, (width, height + 1)], palette.shade(paint, 0.7))
    canvas.stroke(arc, 3, palette.shade(paint, 1.1), mark=False)


def _shadows(canvas: Canvas, actors: list[Actor], street: Street, mood: Mood, size: tuple[int, int]) -> Image.Image:
    """Mask [H, W] of the ground in shadow: away from the sun, and a little under everything."""
    mask = Image.new("L", (size[1], size[0]))
    draw = ImageDraw.Draw(mask)
    camera = Camera(*(value / SUPERSAMPLING for value in canvas.camera[:3]), *canvas.camera[3:])
    x, y, z = mood.light.direction
    dx, dz = -x / y, -z / y
    for actor in actors:
        kind, height = KINDS[actor.kind], HEIGHTS.get(actor.kind, 2.5)
        thin = THIN.get(actor.kind)
        frame = Frame(camera, actor.x, actor.z, actor.heading)
        u, v = (thin, thin) if thin else (kind.half_length, kind.half_width)
        feet = [(actor.x + a * frame.sin + b * frame.cos, actor.z + a * frame.cos - b * frame.sin) for a, b in ((-u, -v), (u, -v), (u, v), (-u, v))]
        cast = [(px + dx * height, pz + dz * height) for px, pz in feet]
        draw.polygon([camera.point(px, 0, pz) for px, pz in _hull(feet + cast)], 255)
        if actor.kind in ("tree", "bush"):
            ring = [(actor.x + dx * 4 + 2 * math.cos(k / 2), actor.z + dz * 4 + 2 * math.sin(k / 2)) for k in range(13)]
            draw.polygon([camera.point(px, 0, pz) for px, pz in ring], 255)
    return mask.filter(ImageFilter.BoxBlur(1))


def _hull(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Convex hull (monotone chain)."""

    def chain(ordered: list[tuple[float, float]]) -> list[tuple[float, float]]:
        kept: list[tuple[float, float]] = []
        for p in ordered:
            while len(kept) > 1 and (kept[-1][0] - kept[-2][0]) * (p[1] - kept[-2][1]) <= (kept[-1][1] - kept[-2][1]) * (p[0] - kept[-2][0]):
                kept.pop()
            kept.append(p)
        return kept[:-1]

    ordered = sorted(points)
    return chain(ordered) + chain(ordered[::-1])
