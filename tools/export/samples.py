"""Images to check an export with and to calibrate its quantisation."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np

from mnv3.tools.errors import UserError
from mnv3.tools.images.read import read_pixels
from mnv3.tools.streets.draw import draw_scene
from mnv3.tools.streets.folder import scene_seed

SIZE = (360, 480)  # as in the built-in data set


def drawn_scenes(split: str, count: int, seed: int = 0, size: tuple[int, int] = SIZE) -> Iterator[np.ndarray]:
    """Yield the first `count` scenes of a split of the built-in data set, [H, W, 3] uint8, without any file."""
    for index in range(count):
        yield draw_scene(scene_seed(seed, split, index), size, trams=False).image.copy()  # writable


def from_files(paths: Sequence[Path], count: int, on_error: str, log: Callable[[str], None]) -> list[np.ndarray]:
    """Return `count` of the images (or all), evenly spread, [H, W, 3] uint8; on_error="skip" logs and skips unreadable
    ones. Raises UserError."""
    images = []
    for index in spread(len(paths), count):
        try:
            images.append(read_pixels(paths[index]))
        except UserError as error:
            if on_error == "raise":
                raise UserError(*error.problems, "To continue without such images: data.on_error=skip.") from None
            log(f"{' '.join(error.problems)} It is left out.")
    if not images:
        raise UserError("None of the images that an export needs can be read.")
    return images


def spread(there: int, count: int) -> list[int]:
    """Return indices of `count` of `there` things (or all), evenly spread, always the same."""
    return np.linspace(0, there - 1, min(count, there)).round().astype(int).tolist()
