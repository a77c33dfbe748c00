"""The light of a scene: time of day, weather, position of the sun."""

import math
import random
from typing import NamedTuple

from mnv3.tools.streets.scene.canvas import Colour, mix
from mnv3.tools.streets.scene.solids import Light


class Mood(NamedTuple):
    name: str
    zenith: Colour
    haze: Colour  # of the sky at the horizon and of distant things
    ambient: tuple[float, float, float]  # light on everything, per channel
    light: Light
    visibility: float  # metres after which 63 % of the colour is haze
    shadow: float  # darkness of cast shadows, 0..1
    lamps_on: bool


def draw_mood(rng: random.Random) -> Mood:
    name = rng.choices(("sun", "cloud", "fog", "dusk", "night"), (0.42, 0.22, 0.1, 0.13, 0.13))[0]
    azimuth, height = rng.uniform(0, 2 * math.pi), rng.uniform(0.45, 0.95)
    flat = math.cos(height)
    direction = (flat * math.sin(azimuth), math.sin(height), flat * math.cos(azimuth))
    warm = rng.uniform(-0.04, 0.06)
    if name == "sun":
        zenith = mix((72, 124, 196), (120, 164, 214), rng.random())
        haze = mix((202, 222, 238), (236, 226, 206), rng.random() * 0.7)
        return Mood(
            name,
            zenith,
            haze,
            (1.04 + warm, 1.02, 1.0 - warm),
            Light(direction, 0.75),
            rng.uniform(120, 300),
            0.44,
            False,
        )
    if name == "cloud":
        grey = rng.uniform(0.8, 1.0)
        zenith, haze = mix((0, 0, 0), (176, 186, 198), grey), mix((0, 0, 0), (226, 228, 230), grey)
        return Mood(name, zenith, haze, (0.94, 0.95, 0.97), Light(direction, 0.2), rng.uniform(80, 200), 0.12, False)
    if name == "fog":
        haze = mix((190, 194, 198), (222, 220, 214), rng.random())
        return Mood(
            name,
            mix(haze, (160, 168, 178), 0.3),
            haze,
            (0.93, 0.94, 0.96),
            Light(direction, 0.1),
            rng.uniform(18, 45),
            0.06,
            rng.random() < 0.5,
        )
    if name == "dusk":
        zenith = mix((72, 92, 148), (108, 108, 156), rng.random())
        haze = mix((244, 172, 112), (226, 142, 132), rng.random())
        low = (direction[0], 0.25, direction[2])
        return Mood(name, zenith, haze, (0.88, 0.77, 0.76), Light(low, 0.5), rng.uniform(70, 160), 0.3, True)
    zenith, haze = mix((10, 14, 30), (22, 24, 44), rng.random()), mix((36, 40, 62), (64, 56, 60), rng.random())
    dark = rng.uniform(0.3, 0.45)
    return Mood(
        name,
        zenith,
        haze,
        (dark * 0.92, dark * 0.97, dark * 1.12),
        Light(direction, 0.1),
        rng.uniform(60, 140),
        0.08,
        True,
    )
