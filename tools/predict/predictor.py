"""The interface of trained networks for `mnv3 predict`, for all engines: images in, boxes or label maps out."""

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
    """A network with its pre- and postprocessing: resizing by its own rule, results at the image's own size."""

    @property
    def task(self) -> str:
        """Name of the task; `tools.task.Facts.kind` is what it returns."""
        ...

    @property
    def classes(self) -> Mapping[int, str]:
        """Name of each class by its number in the results: class slot, or index in the label map."""
        ...

    @property
    def ids(self) -> Mapping[int, int]:
        """The data set's id of each of `classes`: COCO's category_id, or the value in a label file."""
        ...

    @property
    def colours(self) -> Mapping[int, Colour]:
        """RGB by number."""
        ...

    def __call__(self, images: Sequence[np.ndarray]) -> list[Boxes] | list[np.ndarray]:
        """Return the results of `images`, each [H, W, 3] uint8 RGB of any size, in order: Boxes of all detections,
        however low their scores, or [H, W] uint8 class numbers."""
        ...
