"""What every trained network is to `mnv3 predict`, whichever engine runs it: images in, boxes or a label map out."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

import numpy as np

from mnv3.tools.drawing.paint import Colour


class Boxes(NamedTuple):
    """D detections of one image, best first.

    `boxes` [D, 4] float32: xyxy in pixels of the image. `scores` [D] float32 in 0..1. `classes` [D] int64: numbers of
    `Predictor.classes`.
    """

    boxes: np.ndarray
    scores: np.ndarray
    classes: np.ndarray


class Predictor(Protocol):
    """A network with all that belongs to it: resizing by its own rule before, detections or label map at the image's
    own size after."""

    @property
    def task(self) -> str:
        """Its name; `tools.task.Facts.kind` says what it returns."""
        ...

    @property
    def classes(self) -> Mapping[int, str]:
        """Name of a class by its number in the results: class slot, or index in the label map."""
        ...

    @property
    def ids(self) -> Mapping[int, int]:
        """The data set's own number of each of `classes`: COCO's category_id, or the value in a label file."""
        ...

    @property
    def colours(self) -> Mapping[int, Colour]:
        """RGB by number."""
        ...

    def __call__(self, images: Sequence[np.ndarray]) -> list[Boxes] | list[np.ndarray]:
        """Results of `images`, each [H, W, 3] uint8 RGB of any size, in their order: Boxes of every detection,
        however low its score, or [H, W] uint8 numbers of classes."""
        ...
