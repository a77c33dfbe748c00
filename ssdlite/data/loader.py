"""Batches of fixed shapes, for one or several processes."""

from functools import partial
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.utils.data import BatchSampler

from mnv3.ssdlite.data.coco.annotations import MAX_BOXES, CocoData
from mnv3.ssdlite.data.dataset import NO_IMAGE, DetectionDataset, Sample
from mnv3.ssdlite.model.resize import Rule
from mnv3.ssdlite.model.targets import PADDING, Targets
from mnv3.tools.data.loader import Loader, scoring_loader, training_loader

FATE = "It is scored as an image without detections."
"""How an unreadable image is scored, for messages."""


class Batch(NamedTuple):
    """`images` [N, 3, h, w] uint8, or float32 in 0..255. `targets`: see Targets; M is a multiple of MAX_BOXES.
    `image_ids` [N] int64, NO_IMAGE for unreadable files, which `problems` lists. `sizes` [N, 2] int64: (H, W) of files.
    """

    images: Tensor
    targets: Targets
    image_ids: Tensor
    sizes: Tensor
    problems: tuple[str, ...] = ()

    @property
    def has_gaps(self) -> bool:
        """Whether a black image replaces an unreadable one."""
        return bool((self.image_ids == NO_IMAGE).any())


def collate(samples: list[Sample], most: int = MAX_BOXES) -> Batch:
    """Stack samples; drop boxes beyond the first `most` of an image, as the authors do.

    Boxes are padded to a multiple of MAX_BOXES: few shapes, and little memory.
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
    data: CocoData, *, size: tuple[int, int], rule: Rule, augmentation: str, seed: int, **options: Any
) -> Loader:
    """Return a `tools.data.loader.training_loader` of augmented (see `augment`) uint8 batches of `size` (h, w)."""
    dataset = DetectionDataset(data, size, rule, augmentation=augmentation, seed=seed)
    return training_loader(dataset, partial(collate, most=data.max_boxes), seed=seed, **options)


def val_loader(data: CocoData, *, size: tuple[int, int], rule: Rule, batch_size: int, **options: Any) -> Loader:
    """Return a `tools.data.loader.scoring_loader` of whole images resized by `rule`; the last batch may be smaller."""
    dataset, batches = DetectionDataset(data, size, rule), partial(BatchSampler, batch_size=batch_size, drop_last=False)
    return scoring_loader(dataset, partial(collate, most=data.max_boxes), batches, FATE, **options)
