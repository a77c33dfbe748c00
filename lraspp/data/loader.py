"""Batches of frames and label maps, for one or several processes."""

from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.utils.data import Sampler

from mnv3.lraspp.data.cache import size_of
from mnv3.lraspp.data.dataset import NO_FRAME, Sample, TrainingFrames, WholeFrames
from mnv3.lraspp.data.frames import Frame, FrameData
from mnv3.tools.data.loader import Key, Loader, ScoringSampler, scoring_loader, training_loader
from mnv3.tools.data.survey import look_at_all
from mnv3.tools.errors import UserError
from mnv3.tools.images.read import image_size

FATE = "It is left out of the score."
"""How an unreadable frame is scored, for messages."""

UNREADABLE = (16, 16)
"""Size of the grey frame that replaces one of unreadable size."""


class Batch(NamedTuple):
    """`images` [N, 3, h, w] uint8. `labels` [N, h, w] uint8: class indices, and IGNORE. `indices` [N] int64: of the
    frames, NO_FRAME for unreadable files. `problems`: unreadable files."""

    images: Tensor
    labels: Tensor
    indices: Tensor
    problems: tuple[str, ...] = ()

    @property
    def has_gaps(self) -> bool:
        """Whether a grey frame replaces an unreadable one."""
        return bool((self.indices == NO_FRAME).any())


def collate(samples: list[Sample]) -> Batch:
    """Stack samples of one size."""
    return Batch(
        torch.stack([sample.image for sample in samples]),
        torch.stack([sample.labels for sample in samples]),
        torch.tensor([sample.index for sample in samples]),
        tuple(problem for sample in samples for problem in sample.problems),
    )


class SameSizeBatches(Sampler[list[Key]]):
    """A sampler's frames in batches of up to `batch_size` frames of one size."""

    def __init__(self, sampler: ScoringSampler, sizes: list[tuple[int, int]], batch_size: int) -> None:
        by_size: dict[tuple[int, int], list[Key]] = {}
        for key in sampler:
            by_size.setdefault(sizes[key[1]], []).append(key)
        self.batches = [
            keys[start : start + batch_size] for keys in by_size.values() for start in range(0, len(keys), batch_size)
        ]

    def __len__(self) -> int:
        return len(self.batches)

    def __iter__(self) -> Iterator[list[Key]]:
        return iter(self.batches)


def train_loader(
    data: FrameData,
    *,
    crop: tuple[int, int],
    augmentation: str,
    seed: int,
    input_size: tuple[int, int] | None = None,
    **options: Any,
) -> Loader:
    """Return a `tools.data.loader.training_loader` of crops (h, w), see `augment`; decoded copies change nothing."""
    return training_loader(TrainingFrames(data, crop, augmentation, seed, input_size), collate, seed=seed, **options)


def val_loader(data: FrameData, *, batch_size: int, **options: Any) -> Loader:
    """Return a `tools.data.loader.scoring_loader` of whole frames, in batches of one size and up to `batch_size`."""
    sizes = frame_sizes(data)
    batches = partial(SameSizeBatches, sizes=sizes, batch_size=batch_size)
    return scoring_loader(WholeFrames(data, sizes), collate, batches, FATE, **options)


def frame_sizes(data: FrameData) -> list[tuple[int, int]]:
    """Return (H, W) of every frame from the headers of its files; UNREADABLE if that fails."""

    def size(index: int) -> tuple[int, int]:
        frame: Frame = data.frames[index]
        if frame.cached is not None:
            with suppress(OSError):  # removed since the data set was opened
                return size_of(frame.cached)
        with suppress(UserError):  # reported when the frame is read
            return image_size(frame.label or frame.image)
        return UNREADABLE

    return look_at_all(size, len(data))
