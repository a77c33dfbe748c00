"""Poles, street lamps and traffic lights."""

import math
import random

from mnv3.tools.streets.scene.camera import Frame
from mnv3.tools.streets.scene.canvas import Canvas, Colour, mix, shade, shining
from mnv3.tools.streets.scene.mood import Mood
from mnv3.tools.streets.scene.palette import METAL
from mnv3.tools.streets.scene.solids import box, prism


def draw_pole(canvas: Canvas, x: float, z: float, height: float, thickness: float, colour: Colour) -> None:
    canvas.begin("pole", z)
    camera, half = canvas.camera, thickness / 2
    canvas.polygon(
        camera.points([(x - half, 0, z), (x + half, 0, z), (x + half * 0.8, height, z), (x - half * 0.8, height, z)]),
        colour,
    )
    canvas.detail(
        camera.points(
            [(x - half, 0, z), (x - half * 0.3, 0, z), (x - half * 0.3, height, z), (x - half * 0.8, height, z)]
        ),
        shade(colour, 1.25),
    )


def draw_lamp(canvas: Canvas, x: float, z: float, mood: Mood, rng: random.Random) -> None:
    colour, height, camera = shade(METAL, rng.uniform(0.5, 1.0)), rng.uniform(4.2, 6.5), canvas.camera
    draw_pole(canvas, x, z, height, 0.16, colour)
    arm = -math.copysign(rng.uniform(0.8, 1.6), x)
    scale = camera.focal / z
    canvas.stroke(camera.points([(x, height - 0.1, z), (x + arm, height + 0.1, z)]), 0.09 * scale, colour)
    bulb = camera.point(x + arm, height + 0.02, z)
    canvas.ellipse(bulb, 0.35 * scale, 0.1 * scale, shining((255, 236, 186)) if mood.lamps_on else (216, 216, 208))
    if mood.lamps_on:
        canvas.glows.append((bulb, 1.3 * scale, (255, 214, 150)))
        canvas.glows.append((camera.point(x + arm, 0, z), 3.6 * scale, (150, 116, 72)))


def draw_traffic_light(canvas: Canvas, x: float, z: float, mood: Mood, rng: random.Random) -> None:
    """Draw a pole with one or two heads; most face the camera, some are seen from the side or the back."""
    height, size = rng.uniform(2.5, 3.3), rng.uniform(1.0, 1.25)
    draw_pole(canvas, x, z, height + 0.2, 0.14, shade(METAL, rng.uniform(0.5, 0.9)))
    turn = math.pi + rng.choice([0.0, 0.0, 0.35, -0.35, 1.2, -1.2, math.pi])
    phase = rng.randrange(4)
    arm = -math.copysign(rng.uniform(1.4, 2.6), x) if rng.random() < 0.35 else 0.0
    if arm:
        canvas.stroke(
            canvas.camera.points([(x, height + 0.7, z), (x + arm, height + 0.8, z)]),
            0.1 * canvas.camera.focal / z,
            METAL,
        )
        canvas.stroke(
            canvas.camera.points([(x, height, z), (x, height + 0.75, z)]), 0.12 * canvas.camera.focal / z, METAL
        )
        _light_head(canvas, Frame(canvas.camera, x + arm, z - 0.1, turn), height + 0.2, size, phase, mood)
    _light_head(canvas, Frame(canvas.camera, x, z - 0.1, turn), height - size, size, phase, mood)


def _light_head(canvas: Canvas, frame: Frame, low: float, size: float, phase: int, mood: Mood) -> None:
    canvas.begin("traffic light", frame.z, "traffic light")
    half = size * 0.19
    prism(canvas, frame, box(-half, half, low, low + size, half, (34, 36, 36)), (44, 46, 46), mood.light)
    if frame.eye[0] < half:
        return
    metre = frame.pixels()
    on = ((0,), (0, 1), (2,), (1,))[phase]
    for k, lamp in enumerate(((244, 50, 40), (255, 190, 40), (60, 224, 120))):
        centre = frame.point(half, low + size * (0.83 - 0.33 * k))
        squash = abs(frame.eye[0]) / math.hypot(frame.eye[0], frame.eye[2])
        radius = size * 0.125 * metre
        colour = shining(lamp) if k in on else shade(lamp, 0.28)
        canvas.ellipse(centre, radius * squash, radius, colour, mark=False)
        if k in on:
            canvas.ellipse(
                centre, radius * squash * 0.5, radius * 0.5, shining(mix(lamp, (255, 255, 255), 0.6)), mark=False
            )
            canvas.glows.append((centre, radius * 4, shade(lamp, 0.6)))
