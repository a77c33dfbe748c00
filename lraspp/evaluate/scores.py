"""Scores of a confusion matrix, as cityscapesscripts computes them."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from mnv3.lraspp.data.frames import SegClass


@dataclass(frozen=True, eq=False)
class Scores:
    """Scores of one data set; NaN if there is nothing to score.

    `stats`: mIoU, category_mIoU (of classes with categories) and pixel_accuracy -> value. `per_class`, `per_category`:
    name -> IoU. `confusion` [K + 1, K + 1] int64 pixels, row = truth, column = prediction, ignored pixels last.
    """

    stats: dict[str, float]
    per_class: dict[str, float]
    per_category: dict[str, float]
    confusion: np.ndarray

    @property
    def pixels(self) -> dict[str, int]:
        """True pixels of each class."""
        return dict(zip(self.per_class, self.confusion.sum(axis=1).tolist(), strict=False))


def score_matrix(confusion: np.ndarray, classes: Sequence[SegClass]) -> Scores:
    """Score `confusion` [K + 1, K + 1], see `Scores`, for K `classes`.

    IoU = TP / (TP + FP + FN) of a class, or of a category's classes merged. Pixels whose truth is ignored do not count;
    pixels predicted as ignored are false negatives of their class. Means skip classes with nothing to score.
    """
    scored = confusion[: len(classes)]
    per_class = {entry.name: _iou(scored, [i]) for i, entry in enumerate(classes)}
    members: dict[str, list[int]] = {}
    for i, entry in enumerate(classes):
        if entry.category is not None:
            members.setdefault(entry.category, []).append(i)
    per_category = {name: _iou(scored, indices) for name, indices in members.items()}
    pixels = int(scored.sum())
    stats = {"mIoU": _mean(per_class.values())}
    if per_category:
        stats["category_mIoU"] = _mean(per_category.values())
    stats["pixel_accuracy"] = int(np.trace(scored)) / pixels if pixels else math.nan
    return Scores(stats, per_class, per_category, confusion)


def _iou(scored: np.ndarray, indices: list[int]) -> float:
    """Return the IoU of the classes `indices` merged; `scored` [K, K + 1]."""
    both = int(scored[np.ix_(indices, indices)].sum())
    either = int(scored[indices].sum()) + int(scored[:, indices].sum()) - both
    return both / either if either else math.nan


def _mean(values: Iterable[float]) -> float:
    """Return the mean without NaN, summed in order as in cityscapesscripts so that the last bit agrees."""
    known = [value for value in values if not math.isnan(value)]
    return sum(known) / len(known) if known else math.nan
