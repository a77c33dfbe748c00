"""Batches of frames and label maps, for one process or for several."""

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
"""What becomes of a frame that cannot be read."""

UNREADABLE = (16, 16)
"""Size of the grey frame in the place of one of which not even the size can be read."""


class Batch(NamedTuple):
    """`images` [N, 3, h, w] uint8. `labels` [N, h, w] uint8: class indices, and IGNORE. `indices` [N] int64: of the
    frames, NO_FRAME where the files cannot be read. `problems`: what is unreadable."""

    images: Tensor
    labels: Tensor
    indices: Tensor
    problems: tuple[str, ...] = ()

    @property
    def has_gaps(self) -> bool:
        """Whether a grey frame stands in the place of one that cannot be read."""
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
    """A sampler's frames in batches of up to `batch_size`; the frames of a batch are of one size."""

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
    """Augmented batches of crops, the same whether frames have decoded copies or not. `crop`: (h, w). `augmentation`,
    `input_size`: see `augment`. `options`: see `tools.data.loader.training_loader`."""
    return training_loader(TrainingFrames(data, crop, augmentation, seed, input_size), collate, seed=seed, **options)


def val_loader(data: FrameData, *, batch_size: int, **options: Any) -> Loader:
    """Whole frames at their own size, which is one in a batch; batches may be smaller than `batch_size`. `options`: see
    `tools.data.loader.scoring_loader`."""
    sizes = frame_sizes(data)
    batches = partial(SameSizeBatches, sizes=sizes, batch_size=batch_size)
    return scoring_loader(WholeFrames(data, sizes), collate, batches, FATE, **options)


def frame_sizes(data: FrameData) -> list[tuple[int, int]]:
    """(H, W) of every frame, from the headers of its files; UNREADABLE where that cannot be told."""

    def size(index: int) -> tuple[int, int]:
        frame: Frame = data.frames[index]
        if frame.cached is not None:
            with suppress(OSError):  # gone since the data set was opened
                return size_of(frame.cached)
        with suppress(UserError):  # told when the frame is read
            return image_size(frame.label or frame.image)
        return UNREADABLE

    return look_at_all(size, len(data))
