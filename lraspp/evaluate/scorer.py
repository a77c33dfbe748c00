"""Count predicted label maps batch by batch, and keep a few to draw."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from mnv3.lraspp.data.frames import FrameData
from mnv3.lraspp.evaluate.confusion import ConfusionMatrix
from mnv3.lraspp.evaluate.scores import Scores
from mnv3.tools.machine.processes import gathered

SAMPLES = 8
"""Default number of frames to draw."""

Maps = dict[int, Tensor]
"""Predicted class of every pixel, [H, W] uint8 on the CPU, by index of the frame."""


class Scorer:
    """Collects and scores the predictions of a data set's frames. `kept`: indices of the frames to draw."""

    def __init__(self, data: FrameData, device: torch.device | str = "cpu", kept: Sequence[int] | None = None) -> None:
        self.confusion = ConfusionMatrix(data.classes, device)
        self.kept = set(pick_samples(data) if kept is None else kept)
        self._maps: Maps = {}

    def add(self, indices: Tensor, predictions: Tensor, labels: Tensor) -> None:
        """Add frames `indices` [N], `predictions` and `labels` [N, H, W] uint8, all IGNORE for unreadable frames."""
        self.confusion.add(predictions, labels)
        for row, index in enumerate(indices.tolist()):
            if index in self.kept:
                self._maps[index] = predictions[row].cpu()

    def results(self) -> Maps:
        """Return the maps of the kept frames of all processes. Every process must call; all get the same."""
        merged = {index: found for portion in gathered(self._maps) for index, found in portion.items()}
        return {index: merged[index] for index in sorted(merged)}

    def scores(self) -> Scores:
        """Score the frames of all processes. Every process must call; all get the same."""
        return self.confusion.scores()


def pick_samples(data: FrameData, count: int = SAMPLES) -> list[int]:
    """Return indices of `count` frames (or of all), evenly spaced: the same every time."""
    return np.linspace(0, len(data) - 1, min(count, len(data))).round().astype(int).tolist()
