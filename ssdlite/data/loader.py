"""Batches of fixed shapes, for one process or for several."""

import os
from collections.abc import Callable, Iterator
from typing import NamedTuple

import torch
from torch import Tensor
from torch.utils.data import DataLoader, Sampler

from ssdlite.data.coco import CocoData
from ssdlite.data.dataset import NO_IMAGE, DetectionDataset, Key, Sample
from ssdlite.resize import Rule
from ssdlite.targets import PADDING, Targets
from tools.errors import UserError

MAX_BOXES = 100
"""Boxes an image that are trained on (max_number_of_boxes of the authors' configs)."""

MAX_WORKERS = 8
"""Of workers=auto: more are of use to fast GPUs only, and each holds its own batches in memory."""

REPORTS = 10
"""Unreadable images that are named; then only one more line."""


class Batch(NamedTuple):
    """`images` [N, 3, h, w] uint8, or float32 in 0..255. `targets`: see Targets; M = MAX_BOXES. `image_ids` [N] int64,
    NO_IMAGE where the file cannot be read. `sizes` [N, 2] int64: (H, W) of the files. `problems`: what is unreadable.
    """

    images: Tensor
    targets: Targets
    image_ids: Tensor
    sizes: Tensor
    problems: tuple[str, ...] = ()


def collate(samples: list[Sample]) -> Batch:
    """Stack samples; boxes beyond the first MAX_BOXES of an image are dropped, as the authors do."""
    boxes = torch.zeros(len(samples), MAX_BOXES, 4)
    labels = torch.full((len(samples), MAX_BOXES), PADDING)
    for i, sample in enumerate(samples):
        n = min(len(sample.boxes), MAX_BOXES)
        boxes[i, :n] = torch.from_numpy(sample.boxes[:n])
        labels[i, :n] = torch.from_numpy(sample.labels[:n])
    return Batch(
        torch.stack([sample.image for sample in samples]),
        Targets(boxes, labels),
        torch.tensor([sample.image_id for sample in samples]),
        torch.tensor([sample.size for sample in samples]),
        tuple(problem for sample in samples for problem in sample.problems),
    )


class TrainingSampler(Sampler[Key]):
    """Process `rank`'s share of a shuffle by (seed, epoch). The last batch is filled up from the start of the shuffle,
    so that all batches, of all processes, have the same size."""

    def __init__(self, images: int, batch_size: int, seed: int, rank: int = 0, world: int = 1) -> None:
        self.images, self.seed, self.rank, self.world = images, seed, rank, world
        self.epoch = 0
        self.length = -(-images // (batch_size * world)) * batch_size

    def set_epoch(self, epoch: int) -> None:
        """Called by Lightning before each epoch, resumed ones included."""
        self.epoch = epoch

    def __len__(self) -> int:
        return self.length

    def __iter__(self) -> Iterator[Key]:
        # Two numbers in one seed: no two seeds of any size that people use share a shuffle.
        generator = torch.Generator().manual_seed(self.seed * 1_000_003 + self.epoch)
        order = torch.randperm(self.images, generator=generator).tolist()
        for place in range(self.rank, self.length * self.world, self.world):
            yield self.epoch, order[place % self.images]


class ScoringSampler(Sampler[Key]):
    """Process `rank`'s share of all images, each once: shares may differ by one image."""

    def __init__(self, images: int, rank: int = 0, world: int = 1) -> None:
        self.indices = range(rank, images, world)

    def __len__(self) -> int:
        return len(self.indices)

    def __iter__(self) -> Iterator[Key]:
        return ((0, index) for index in self.indices)


class Loader(DataLoader[Sample]):
    """A DataLoader that speaks of unreadable images in the main process: UserError for on_error="raise", else a line
    each to `log`; UserError too when training finds too many of them."""

    def __init__(self, *args, on_error: str, log: Callable[[str], None], **options) -> None:
        super().__init__(*args, collate_fn=collate, pin_memory=torch.cuda.is_available(), **options)
        self.on_error, self.log, self.reported = on_error, log, set()

    def __iter__(self) -> Iterator[Batch]:  # type: ignore[override]  # batches are what collate makes
        for batch in super().__iter__():
            if batch.problems:
                self._report(batch)
            yield batch

    def _report(self, batch: Batch) -> None:
        training = isinstance(self.sampler, TrainingSampler)
        if self.on_error == "raise":
            raise UserError(*batch.problems, "To go on without such images: data.on_error=skip.")
        if training and (batch.image_ids == NO_IMAGE).any():
            raise UserError(*batch.problems, "Too many images cannot be read to train on this data set.")
        for problem in set(batch.problems) - self.reported:
            self.reported.add(problem)
            if len(self.reported) <= REPORTS:
                fate = "Another image takes its place." if training else "It is scored as an image without detections."
                self.log(f"{problem} {fate}")
            elif len(self.reported) == REPORTS + 1:
                self.log("More images cannot be read; `mnv3 data check` lists them all.")


def train_loader(
    data: CocoData,
    *,
    size: tuple[int, int],
    rule: Rule,
    augmentation: str,
    batch_size: int,
    seed: int,
    workers: int | str = "auto",
    on_error: str = "raise",
    rank: int = 0,
    world: int = 1,
    log: Callable[[str], None] = print,
) -> Loader:
    """Shuffled, augmented uint8 batches of `batch_size` images for process `rank` of `world`; all batches are full.

    `size`: (h, w) of the network's input. `augmentation`: see `augment`. What an epoch holds depends on
    (seed, epoch) alone, however many loader processes there are: Lightning sets the epoch on `loader.sampler`.
    """
    workers = _workers(workers, world)
    return Loader(
        DetectionDataset(data, size, rule, augmentation=augmentation, seed=seed),
        batch_size=batch_size,
        sampler=TrainingSampler(len(data), batch_size, seed, rank, world),
        num_workers=workers,
        persistent_workers=workers > 0,
        on_error=on_error,
        log=log,
    )


def val_loader(
    data: CocoData,
    *,
    size: tuple[int, int],
    rule: Rule,
    batch_size: int,
    workers: int | str = "auto",
    on_error: str = "raise",
    rank: int = 0,
    world: int = 1,
    log: Callable[[str], None] = print,
) -> Loader:
    """All images once over all processes, whole, resized exactly by `rule`; the last batch may be smaller."""
    return Loader(
        DetectionDataset(data, size, rule),
        batch_size=batch_size,
        sampler=ScoringSampler(len(data), rank, world),
        num_workers=_workers(workers, world),
        on_error=on_error,
        log=log,
    )


def _workers(workers: int | str, world: int) -> int:
    """`auto`: the cores that this process may use, shared by the processes of a machine, less one for training."""
    if workers != "auto":
        return int(workers)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(MAX_WORKERS, cores // world - 1))
