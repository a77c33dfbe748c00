"""Dataset of images decoded, augmented and resized; randomness depends on (seed, epoch, index) only."""

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from mnv3.ssdlite.data.augment import augment
from mnv3.ssdlite.data.coco.annotations import CocoData
from mnv3.ssdlite.data.view import look_at, render
from mnv3.ssdlite.model.resize import Rule, resize
from mnv3.tools.data.loader import TRIES, Key, first_readable
from mnv3.tools.images.read import read_image
from mnv3.tools.images.recolour import recolour
from mnv3.tools.images.view import view_of, whole

SMALLEST = 1.0
"""Side in input pixels below which a box is left out of training, because nothing of it is visible."""

NO_IMAGE = -(2**63)
"""Image id, which no image has (`ssdlite.data.coco.keys`), of the black image that replaces an unreadable one."""


class Sample(NamedTuple):
    """`image` [3, h, w] uint8, or float32 in 0..255. `boxes` [n, 4] float32 xyxy, input pixels. `labels` [n] int64,
    class slots. `image_id`: as in the JSON, or NO_IMAGE. `size`: (H, W) of the file. `problems`: unreadable files."""

    image: Tensor
    boxes: np.ndarray
    labels: np.ndarray
    image_id: int
    size: tuple[int, int]
    problems: tuple[str, ...] = ()


class DetectionDataset(Dataset[Sample]):
    """Images of `data` at `size` (h, w), resized by `rule`.

    With `augmentation` (see `augment`), for training: uint8, and the next readable image instead of an unreadable one.
    Without, for scoring: the whole image as from `ssdlite.model.resize.resize`, and NO_IMAGE instead of an unreadable
    one. Never raises for a bad file: the loader handles `problems`.
    """

    def __init__(
        self, data: CocoData, size: tuple[int, int], rule: Rule, *, augmentation: str | None = None, seed: int = 0
    ) -> None:
        self.data, self.size, self.augmentation, self.seed = data, size, augmentation, seed
        self.rule: Rule = rule

    def __len__(self) -> int:
        return len(self.data)

    def __getitem__(self, key: Key) -> Sample:
        epoch, index = key
        tries = TRIES if self.augmentation else 1
        sample, problems = first_readable(lambda i: self._sample(epoch, i), index, len(self.data), tries)
        if sample is not None:
            return sample._replace(problems=problems)
        black = torch.zeros(3, *self.size, dtype=torch.uint8)
        black = black if self.augmentation else resize(black, self.size, self.rule)
        no_boxes = np.zeros((0, 4), np.float32), np.zeros(0, np.int64)
        return Sample(black, *no_boxes, NO_IMAGE, self.size, problems)

    def _sample(self, epoch: int, index: int) -> Sample:
        rows, columns = self.data.sizes[index].tolist()
        image = read_image(self.data.path(index), (rows, columns))
        boxes, labels = self.data.training_boxes(index)
        if self.augmentation:
            rng = np.random.default_rng((self.seed, epoch, index))
            view, keep = augment(self.augmentation, boxes, (rows, columns), self.size, rng)
            boxes, labels = boxes[keep], labels[keep]
            pixels = render(image, view, self.size, self.rule)
            if self.augmentation == "modern":
                pixels = recolour(pixels, int(rng.integers(2**63)))
        else:
            view = view_of(whole((rows, columns)), (rows, columns), self.size)
            pixels = resize(image, self.size, self.rule)
        boxes = look_at(boxes, view, self.size)
        visible = (boxes[:, 2:] - boxes[:, :2] >= SMALLEST).all(axis=1)
        return Sample(pixels, boxes[visible], labels[visible], int(self.data.image_ids[index]), (rows, columns))
