"""Images to check an export on, and to calibrate its quantisation with."""

from collections.abc import Iterator

import numpy as np

from tools.streets.folder import scene_seed
from tools.streets.scene import draw_scene

SIZE = (360, 480)  # as the built-in data set has them


def drawn_scenes(split: str, count: int, seed: int = 0, size: tuple[int, int] = SIZE) -> Iterator[np.ndarray]:
    """The first `count` scenes of a split of the built-in data set [H, W, 3] uint8, without any file."""
    for index in range(count):
        yield draw_scene(scene_seed(seed, split, index), size, trams=False).image.copy()  # writable


def spread(there: int, count: int) -> list[int]:
    """Indices of `count` of so many things (or of all), evenly spread: the same ones every time."""
    return np.linspace(0, there - 1, min(count, there)).round().astype(int).tolist()
