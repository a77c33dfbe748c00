"""What a label format is read into, whatever the format."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple


class Box(NamedTuple):
    """`name`: of the class. `box`: x, y, width, height. `ignored`: difficult or crowd. `area`: if stated."""

    name: str
    box: tuple[float, float, float, float]
    ignored: bool = False
    area: float | None = None


class Picture(NamedTuple):
    """An image and its boxes, in pixels, or with `shares` in shares of its sides.

    `file`: in the folder. `size`: (H, W), None if the labels do not hold it. `splits`: stated by the labels; empty:
    by the folders. `id`: stated by the labels. `labelled`: False if there is no label for it, not even an empty one.
    """

    file: str
    size: tuple[int, int] | None
    boxes: tuple[Box, ...]
    splits: frozenset[str] = frozenset()
    id: int | None = None
    shares: bool = False
    labelled: bool = True


class Labels(NamedTuple):
    """A folder's labels. `source`: the files that hold them, in a few words. `names`: class names by id, in order.
    `notes`: what was worked around."""

    source: str
    names: Mapping[int, str]
    pictures: list[Picture]
    notes: list[str]


def numbered(names: Iterable[str]) -> dict[int, str]:
    """Return class names by id, from 1."""
    return dict(enumerate(names, start=1))


def around(points: Iterable[tuple[float, float]]) -> tuple[float, float, float, float]:
    """Return x, y, width, height of the box around `points`."""
    xs, ys = zip(*points, strict=True)
    return min(xs), min(ys), max(xs) - min(xs), max(ys) - min(ys)


def sorted_names(pictures: Iterable[Picture]) -> list[str]:
    """Return the class names in use, for formats whose files do not list them."""
    return sorted({box.name for picture in pictures for box in picture.boxes})
