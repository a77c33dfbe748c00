"""Predictor of an exported detector."""

from collections.abc import Sequence
from itertools import groupby

import numpy as np

from mnv3.tools.errors import of_file
from mnv3.tools.export.file import Exported, stacked, start
from mnv3.tools.predict.operating_point import read_point
from mnv3.tools.predict.predictor import Boxes


class OnnxDetector:
    """A `tools.predict.predictor.Predictor` from a file of `mnv3 export`, whole or raw."""

    task = "ssdlite"

    def __init__(self, exported: Exported, threads: int | None = None) -> None:
        self.path, self.description = exported.path, exported.description
        self.classes = {row.number: row.name for row in self.description.classes}
        self.ids = {row.number: row.id for row in self.description.classes}
        self.colours = {row.number: (row.colour[0], row.colour[1], row.colour[2]) for row in self.description.classes}
        self.operating_point = read_point(self.description.operating_point, exported.path)
        self.known = np.zeros(max(self.classes) + 2, bool)  # the last entry is for all larger slots
        self.known[list(self.classes)] = True
        self.session = start(exported, threads)
        self._detect = self._whole if self.description.kind == "whole" else self._raw

    @property
    def input_size(self) -> tuple[int, int]:
        assert self.description.input_size is not None, "a detector's input has one size"
        height, width = self.description.input_size
        return height, width

    @property
    def max_detections(self) -> int:
        return self.description.rules["max_detections"]

    def __call__(self, images: Sequence[np.ndarray]) -> list[Boxes]:
        """Return detections of `images` [H, W, 3] uint8 RGB, in their pixels; runs of one size are batched."""
        found: list[Boxes] = []
        with of_file(self.path):
            for _, group in groupby(images, np.shape):
                for boxes, scores, slots in zip(*self._detect(stacked(list(group))), strict=True):
                    known = self.known.take(slots, mode="clip")  # padding is not
                    found.append(Boxes(boxes[known], scores[known], slots[known]))
        return found

    def _whole(self, images: np.ndarray) -> list[np.ndarray]:
        return self.session(images)[:3]

    def _raw(self, images: np.ndarray) -> list[np.ndarray]:
        from mnv3.ssdlite.export.predictor_raw import detections  # imports PyTorch, which a whole file does not need

        return detections(self.session, self.description, images)
