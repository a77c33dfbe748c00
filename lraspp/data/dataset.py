"""Datasets of random crops for training and whole frames for scoring; randomness depends on (seed, epoch, index)."""

from functools import partial
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from mnv3.lraspp.data.augment import augment
from mnv3.lraspp.data.cache import map_copy
from mnv3.lraspp.data.frames import IGNORE, Frame, FrameData
from mnv3.lraspp.data.pixels import Pixels, check_known, decode
from mnv3.lraspp.data.view import render_image, render_labels
from mnv3.tools.data.loader import TRIES, Key, first_readable
from mnv3.tools.images.recolour import recolour
from mnv3.tools.images.view import FILL, Box, View, whole

NO_FRAME = -1
"""Index of the grey frame, all ignored, that replaces an unreadable one."""


class Sample(NamedTuple):
    """`image` [3, h, w] uint8. `labels` [h, w] uint8: class indices and IGNORE. `index`: of the frame, or NO_FRAME.
    `problems`: unreadable files."""

    image: Tensor
    labels: Tensor
    index: int
    problems: tuple[str, ...] = ()


def read_pixels(frame: Frame) -> Pixels:
    """Map a frame from its decoded copy if it has one, else decode it; the pixels are the same."""
    if frame.cached is not None:
        try:
            return map_copy(frame.cached)
        except OSError:  # the copy was removed; the original files remain
            pass
    return decode(frame)


class TrainingFrames(Dataset[Sample]):
    """Random crops of `crop` (h, w) of the frames of `data`, see `augment`; the next readable frame replaces an
    unreadable one. Never raises for a bad file: the loader handles `problems`."""

    def __init__(
        self,
        data: FrameData,
        crop: tuple[int, int],
        augmentation: str,
        seed: int,
        input_size: tuple[int, int] | None = None,
    ) -> None:
        self.data, self.crop, self.augmentation, self.seed, self.input_size = data, crop, augmentation, seed, input_size

    def __len__(self) -> int:
        return len(self.data)

    def __getitem__(self, key: Key) -> Sample:
        epoch, index = key
        sample, problems = first_readable(lambda i: self._sample(epoch, i), index, len(self), TRIES)
        return (sample or blank(self.crop))._replace(problems=problems)

    def _sample(self, epoch: int, index: int) -> Sample:
        frame = self.data.frames[index]
        image, values = read_pixels(frame)
        assert values is not None, "training frames have labels"
        rng = np.random.default_rng((self.seed, epoch, index))
        rows, columns = values.shape
        view = augment(self.augmentation, (rows, columns), self.crop, rng, self.input_size)
        colour_seed = int(rng.integers(2**63))
        change = partial(recolour, seed=colour_seed) if self.augmentation == "modern" else None
        pixels = render_image(image, view, self.crop, change)
        return Sample(pixels, look_up(values, view, self.crop, frame, self.data), index)


class WholeFrames(Dataset[Sample]):
    """Whole frames of `data`, for scoring. A frame without label file is all IGNORE; NO_FRAME, of `sizes[index]`
    (h, w), replaces an unreadable one."""

    def __init__(self, data: FrameData, sizes: list[tuple[int, int]]) -> None:
        self.data, self.sizes = data, sizes

    def __len__(self) -> int:
        return len(self.data)

    def __getitem__(self, key: Key) -> Sample:
        _, index = key
        sample, problems = first_readable(self._sample, index, len(self), tries=1)
        return (sample or blank(self.sizes[index]))._replace(problems=problems)

    def _sample(self, index: int) -> Sample:
        frame = self.data.frames[index]
        image, values = read_pixels(frame)
        rows, columns = size = image.shape[0], image.shape[1]
        view = View(whole(size), Box(0, 0, columns, rows), flip=False)
        if values is None:
            labels = torch.full(size, IGNORE, dtype=torch.uint8)
        else:
            labels = look_up(values, view, size, frame, self.data)
        return Sample(render_image(image, view, size), labels, index)


def look_up(values: np.ndarray, view: View, size: tuple[int, int], frame: Frame, data: FrameData) -> Tensor:
    """Return class indices [h, w] uint8 of `values` through `view`. Raises UserError for a value unknown to `data`."""
    classes = render_labels(values, data.table, view, size)
    check_known(classes, values, frame, data)
    return classes


def blank(size: tuple[int, int]) -> Sample:
    """Return a grey frame without labels."""
    grey, nothing = (torch.full(shape, fill, dtype=torch.uint8) for shape, fill in (((3, *size), FILL), (size, IGNORE)))
    return Sample(grey, nothing, NO_FRAME)
