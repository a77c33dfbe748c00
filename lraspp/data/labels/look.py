"""Inspect the files of frames: all of them for `mnv3 data check`, a sample within seconds for training."""

import os
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from mnv3.lraspp.data.frames import FrameData
from mnv3.lraspp.data.labels.file import read_palette, read_values
from mnv3.lraspp.data.pixels import SizesDiffer, check_sizes, decode
from mnv3.tools.data.survey import look_at_all
from mnv3.tools.errors import UserError
from mnv3.tools.images.read import image_size

SECONDS = 5.0
"""Duration of a glance: enough for thousands of ordinary label files, or hundreds of Cityscapes' 2048x1024."""

AT_A_TIME = 32
"""Label files between two checks of the time."""


class Look(NamedTuple):
    """A frame's size (H, W), pixels by label value [256] and palette [n, 3], if any; or the problem with its files."""

    size: tuple[int, int] | None = None
    counts: np.ndarray | None = None
    palette: np.ndarray | None = None
    problem: str | None = None
    sizes_differ: bool = False


class Seen(NamedTuple):
    """The frames inspected, with a look each. `total`: frames of the split."""

    data: FrameData
    looks: list[Look]
    total: int

    @property
    def counts(self) -> np.ndarray:
        """[256] int64: pixels by label value."""
        present = [look.counts for look in self.looks if look.counts is not None]
        return np.sum(present, axis=0) if present else np.zeros(256, np.int64)

    @property
    def by_class(self) -> np.ndarray:
        """[K] int64: pixels by class."""
        return self.counts[self.data.ids]


def look(data: FrameData) -> Seen:
    """Inspect every file."""
    return Seen(data, look_at_all(lambda index: _whole(data, index), len(data)), len(data))


def glance(data: FrameData, seconds: float = SECONDS) -> Seen:
    """Inspect label files, and the headers of their images, in random order, until `seconds` have passed and two
    classes are found, or no file is left."""
    order = np.random.default_rng(0).permutation(len(data)).tolist()
    looks: list[Look] = []
    classes: set[int] = set()
    end = time.monotonic() + seconds
    with ThreadPoolExecutor(os.cpu_count()) as pool:  # decoders release the GIL
        for start in range(0, len(order), AT_A_TIME):
            portion = list(pool.map(lambda index: _label(data, index), order[start : start + AT_A_TIME]))
            looks += portion
            classes.update(np.flatnonzero(Seen(data, portion, len(data)).by_class).tolist())
            if time.monotonic() > end and len(classes) > 1:
                break
    found = dict(sorted(zip(order, looks, strict=False)))
    return Seen(replace(data, frames=tuple(data.frames[i] for i in found)), list(found.values()), len(data))


def _whole(data: FrameData, index: int) -> Look:
    try:
        image, values = decode(data.frames[index])
        label = data.frames[index].label
        palette = read_palette(label) if label is not None else None
    except SizesDiffer as error:
        return Look(problem=error.problems[0], sizes_differ=True)
    except UserError as error:
        return Look(problem=" ".join(error.problems))
    return Look((image.shape[0], image.shape[1]), None if values is None else _counted(values), palette)


def _label(data: FrameData, index: int) -> Look:
    frame = data.frames[index]
    assert frame.label is not None, "training and validation frames have labels"
    try:
        values, size = read_values(frame.label), image_size(frame.image)
        if values.shape != size[::-1]:  # else the photograph may be stored rotated, which decoding checks
            check_sizes(frame, size, values.shape)
        return Look(None, _counted(values), read_palette(frame.label))
    except SizesDiffer as error:
        return Look(problem=error.problems[0], sizes_differ=True)
    except UserError as error:
        return Look(problem=" ".join(error.problems))


def _counted(values: np.ndarray) -> np.ndarray:
    return np.bincount(values.ravel(), minlength=256)
