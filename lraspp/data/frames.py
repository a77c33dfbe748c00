"""A split of a segmentation data set: its frames, its classes, and the meaning of its label values."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import numpy as np

IGNORE = 255
"""Class index of pixels that are neither trained on nor scored."""

UNKNOWN = 254
"""In `FrameData.table`: a value not allowed in label files."""

MOST_CLASSES = UNKNOWN
"""Class indices are 0..253."""


class Frame(NamedTuple):
    """One image with its label file, None for a test frame. `cached`: its fresh decoded copy, if any.

    `name` is that of its files without folder and suffix, unique in a split. `stored`: the label file is of the image's
    pixels as stored, without the rotation that a photo may note.
    """

    name: str
    image: Path
    label: Path | None
    cached: Path | None = None
    stored: bool = False


class SegClass(NamedTuple):
    """A class: its position in `FrameData.classes` is its index, `id` its value in label files, `colour` RGB."""

    name: str
    colour: tuple[int, int, int]
    category: str | None
    id: int


@dataclass(frozen=True, eq=False)
class FrameData:
    """One split of a data set.

    `folder`: of the data set. `ignored_ids`: values of label files that are neither a class nor a mistake. `official`:
    label files have Cityscapes' ids, so Cityscapes' own evaluation can score the data set too.
    """

    name: str
    split: str
    folder: Path
    frames: tuple[Frame, ...]
    classes: tuple[SegClass, ...]
    ignored_ids: tuple[int, ...]
    official: bool = False

    def __len__(self) -> int:
        return len(self.frames)

    @property
    def has_labels(self) -> bool:
        """Whether every frame has a label file, as in all splits except test."""
        return all(frame.label is not None for frame in self.frames)

    @cached_property
    def table(self) -> np.ndarray:
        """[256] uint8: class index of a value in a label file, IGNORE or UNKNOWN."""
        table = np.full(256, UNKNOWN, dtype=np.uint8)
        table[list(self.ignored_ids)] = IGNORE
        table[self.ids] = np.arange(len(self.classes))
        return table

    @cached_property
    def ids(self) -> np.ndarray:
        """[K] uint8: the value in a label file of each class index."""
        return np.array([entry.id for entry in self.classes], dtype=np.uint8)
