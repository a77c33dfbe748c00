"""Batches of fixed shapes, for one process or for several."""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor

from mnv3.ssdlite.data.coco.annotations import MAX_BOXES, CocoData
from mnv3.ssdlite.data.dataset import NO_IMAGE, DetectionDataset, Sample
from mnv3.ssdlite.model.resize import Rule
from mnv3.ssdlite.model.targets import PADDING, Targets
from mnv3.tools.data.loader import Loader, ScoringSampler, TrainingSampler, worker_count

FATE = "It is scored as an image without detections."
"""What becomes of an image that cannot be read."""


class Batch(NamedTuple):
    """`images` [N, 3, h, w] uint8, or float32 in 0..255. `targets`: see Targets; M = MAX_BOXES, or a multiple of it
    where an image has more. `image_ids` [N] int64, NO_IMAGE where the file cannot be read. `sizes` [N, 2] int64: (H, W)
    of the files. `problems`: what is unreadable.
    """

    images: Tensor
    targets: Targets
    image_ids: Tensor
    sizes: Tensor
    problems: tuple[str, ...] = ()

    @property
    def has_gaps(self) -> bool:
        """Whether a black image stands in the place of one that cannot be read."""
        return bool((self.image_ids == NO_IMAGE).any())


def collate(samples: list[Sample], most: int = MAX_BOXES) -> Batch:
    """Stack samples; boxes beyond the first `most` of an image are dropped, as the authors do.

    The padding is that of ordinary batches wherever it can be: few shapes, and memory only where boxes need it.
    """
    longest = min(max(len(sample.boxes) for sample in samples), most)
    columns = max(1, -(-longest // MAX_BOXES)) * MAX_BOXES
    boxes = torch.zeros(len(samples), columns, 4)
    labels = torch.full((len(samples), columns), PADDING)
    for i, sample in enumerate(samples):
        n = min(len(sample.boxes), most)
        boxes[i, :n] = torch.from_numpy(sample.boxes[:n])
        labels[i, :n] = torch.from_numpy(sample.labels[:n])
    return Batch(
        torch.stack([sample.image for sample in samples]),
        Targets(boxes, labels),
        torch.tensor([sample.image_id for sample in samples]),
        torch.tensor([sample.size for sample in samples]),
        tuple(problem for sample in samples for problem in sample.problems),
    )


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
    workers = worker_count(workers, world)
    return Loader(
        DetectionDataset(data, size, rule, augmentation=augmentation, seed=seed),
        batch_size=batch_size,
        sampler=TrainingSampler(len(data), batch_size, seed, rank, world),
        num_workers=workers,
        persistent_workers=workers > 0,
        collate_fn=partial(collate, most=data.max_boxes),
        training=True,
        fate=FATE,
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
        num_workers=worker_count(workers, world),
        collate_fn=partial(collate, most=data.max_boxes),
        training=False,
        fate=FATE,
        on_error=on_error,
        log=log,
    )
