"""Predictor of an exported segmenter."""

from collections.abc import Sequence
from itertools import groupby

import numpy as np

from mnv3.tools.errors import of_file
from mnv3.tools.export.file import Exported, stacked, start


class OnnxSegmenter:
    """A `tools.predict.predictor.Predictor` from a file of `mnv3 export`, whole or raw."""

    task = "lraspp"

    def __init__(self, exported: Exported, threads: int | None = None) -> None:
        self.path, self.description = exported.path, exported.description
        self.classes = {row.number: row.name for row in self.description.classes}
        self.ids = {row.number: row.id for row in self.description.classes}
        self.colours = {row.number: (row.colour[0], row.colour[1], row.colour[2]) for row in self.description.classes}
        self.session = start(exported, threads)
        self._label = self._whole if self.description.kind == "whole" else self._raw

    def __call__(self, images: Sequence[np.ndarray]) -> list[np.ndarray]:
        """Return label maps [H, W] uint8 of `images` [H, W, 3] uint8 RGB; runs of one size are batched."""
        groups = (stacked(list(group)) for _, group in groupby(images, np.shape))
        with of_file(self.path):
            return [labels for group in groups for labels in self._label(group)]

    def _whole(self, images: np.ndarray) -> np.ndarray:
        return self.session(images)[0]

    def _raw(self, images: np.ndarray) -> np.ndarray:
        from mnv3.lraspp.export.predictor_raw import label_maps  # imports PyTorch, which a whole file does not need

        return label_maps(self.session, self.description, images)
