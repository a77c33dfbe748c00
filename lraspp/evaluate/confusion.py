"""Confusion matrix of pixels, counted exactly on the device, independent of batches and processes."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from mnv3.lraspp.data.frames import SegClass
from mnv3.lraspp.evaluate.scores import Scores, score_matrix


class ConfusionMatrix:
    """Counts pairs of true and predicted class, batch by batch, without waiting for the device."""

    def __init__(self, classes: Sequence[SegClass], device: torch.device | str = "cpu") -> None:
        self.classes = classes
        # Row and column 0: IGNORE; 1 .. K: class indices; K + 1: values that are neither.
        self.side = len(classes) + 2
        self.pair_type = torch.int16 if self.side**2 <= torch.iinfo(torch.int16).max else torch.int32
        self._counts = torch.zeros(self.side * self.side, dtype=torch.int64, device=device)

    def add(self, predictions: Tensor, labels: Tensor) -> None:
        """Count a batch: both uint8 of one shape, class indices or IGNORE."""
        assert predictions.dtype == labels.dtype == torch.uint8 and predictions.shape == labels.shape
        # 255 + 1 is 0 in uint8, which puts IGNORE before the classes at no cost.
        truth, found = ((values + 1).clamp_(max=self.side - 1) for values in (labels, predictions))
        pairs = truth.to(self.pair_type).mul_(self.side).add_(found)
        self._counts += _count(pairs.flatten(), self.side**2).to(self._counts.device)

    def total(self) -> np.ndarray:
        """Return [K + 1, K + 1] int64 pixels of all processes: row = truth, column = prediction, IGNORE last.

        Every process must call; all get the same. Raises ValueError if other values were counted.
        """
        counts = self._counts.clone()
        if torch.distributed.is_available() and torch.distributed.is_initialized():
            torch.distributed.all_reduce(counts)
        matrix = counts.view(self.side, self.side).cpu().numpy()
        if matrix[-1].any() or matrix[:, -1].any():
            raise ValueError(f"There are values that are neither a class index below {len(self.classes)} nor ignored.")
        order = [*range(1, self.side - 1), 0]
        return matrix[np.ix_(order, order)]

    def scores(self) -> Scores:
        """Score the pixels of all processes. Every process must call; all get the same."""
        return score_matrix(self.total(), self.classes)


def _count(values: Tensor, kinds: int) -> Tensor:
    """Count how often each of 0 .. kinds - 1 is among `values`, [kinds] int64."""
    if values.device.type == "cpu":
        return torch.bincount(values, minlength=kinds)  # fastest on a CPU; on a GPU it waits for the largest value
    one = torch.ones((), dtype=torch.int64, device=values.device)
    return torch.zeros(kinds, dtype=torch.int64, device=values.device).scatter_add_(
        0, values.long(), one.expand(len(values))
    )
