"""Images to check an export on, and to calibrate its quantisation with."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np

from mnv3.tools.errors import UserError
from mnv3.tools.images.read import read_pixels
from mnv3.tools.streets.draw import draw_scene
from mnv3.tools.streets.folder import scene_seed

SIZE = (360, 480)  # as the built-in data set has them


def drawn_scenes(split: str, count: int, seed: int = 0, size: tuple[int, int] = SIZE) -> Iterator[np.ndarray]:
    """The first `count` scenes of a split of the built-in data set [H, W, 3] uint8, without any file."""
    for index in range(count):
        yield draw_scene(scene_seed(seed, split, index), size, trams=False).image.copy()  # writable


def from_files(paths: Sequence[Path], count: int, on_error: str, log: Callable[[str], None]) -> list[np.ndarray]:
    """`count` of the images (or all), evenly spread, [H, W, 3] uint8; with on_error="skip" without those that cannot
    be read, which `log` hears of. Raises UserError."""
    images = []
    for index in spread(len(paths), count):
        try:
            images.append(read_pixels(paths[index]))
        except UserError as error:
            if on_error == "raise":
                raise UserError(*error.problems, "To go on without such images: data.on_error=skip.") from None
            log(f"{' '.join(error.problems)} It is left out.")
    if not images:
        raise UserError("None of the images that an export needs can be read.")
    return images


def spread(there: int, count: int) -> list[int]:
    """Indices of `count` of so many things (or of all), evenly spread: the same ones every time."""
    return np.linspace(0, there - 1, min(count, there)).round().astype(int).tolist()
