"""Draws an actor of the layout: its segments, each by its drawing function."""

import random

from mnv3.tools.streets.scene.camera import Frame
from mnv3.tools.streets.scene.canvas import Canvas
from mnv3.tools.streets.scene.layout import KINDS, Actor
from mnv3.tools.streets.scene.mood import Mood
from mnv3.tools.streets.things.cars import draw_car
from mnv3.tools.streets.things.clutter import draw_clutter
from mnv3.tools.streets.things.cycles import cyclist, draw_bicycle, draw_motorcycle, draw_rider, motorcyclist
from mnv3.tools.streets.things.lamps import draw_lamp, draw_traffic_light
from mnv3.tools.streets.things.large_vehicles import draw_bus, draw_tram, draw_truck
from mnv3.tools.streets.things.nature import draw_bush, draw_tree
from mnv3.tools.streets.things.people import draw_person
from mnv3.tools.streets.things.signs import draw_sign, draw_stop_sign

DRAW_VEHICLE = {"car": draw_car, "bus": draw_bus, "truck": draw_truck, "tram": draw_tram}


def draw_actor(canvas: Canvas, actor: Actor, mood: Mood, rng: random.Random) -> None:
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
        DRAW_VEHICLE[kind](canvas, frame, rng, mood.light, mood.lamps_on)
        if mood.lamps_on:
            canvas.glows.append(
                (frame.point(KINDS[kind].half_length + 0.5, 0.5), 1.2 * frame.pixels(), (200, 190, 150))
            )
    elif kind == "traffic light":
        draw_traffic_light(canvas, actor.x, actor.z, mood, rng)
    elif kind == "stop sign":
        draw_stop_sign(canvas, actor.x, actor.z, rng)
    elif kind == "sign":
        draw_sign(canvas, actor.x, actor.z, rng)
    elif kind == "lamp":
        draw_lamp(canvas, actor.x, actor.z, mood, rng)
    elif kind == "clutter":
        draw_clutter(canvas, frame, mood.light, rng)
    else:
        canvas.begin("vegetation", depth)
        (draw_tree if kind == "tree" else draw_bush)(canvas, actor.x, actor.z, mood.light, rng)
