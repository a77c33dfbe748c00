"""F1 against the score threshold, from pycocotools' matching of detections and boxes."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from pycocotools.cocoeval import COCOeval

from mnv3.tools.predict.operating_point import OperatingPoint, Point

DRAWN = 400
"""Thresholds at which the curves are drawn."""

FEWEST, MOST = 2, 12
"""Decimals of a threshold."""


class Ranking(NamedTuple):
    """Detections without ignored ones, best first: `scores` [n], and how many of the first 1, 2, .. n are right,
    `true` [n]. `boxes`: ground truth to find."""

    scores: np.ndarray
    true: np.ndarray
    boxes: int

    def f1(self, count: np.ndarray) -> np.ndarray:
        """Return F1 of the first `count` detections; NaN without ground truth."""
        if not self.boxes:
            return np.full(count.shape, np.nan)
        return 2 * np.concatenate([[0], self.true])[count] / (count + self.boxes)


@dataclass(frozen=True, eq=False)
class Curves:
    """F1 at score `thresholds` [T], ascending: `overall` [T] of all classes together, `per_class` [T, K], NaN for a
    class without ground truth."""

    thresholds: np.ndarray
    overall: np.ndarray
    per_class: np.ndarray


def f1_of(evaluation: COCOeval, names: Sequence[str]) -> tuple[OperatingPoint | None, Curves]:
    """Return the thresholds with the highest F1 at the evaluation's first IoU (None: nothing is right), and the curves.

    All classes together have one threshold; a detection of a class without boxes in the data is false. The matching is
    greedy, best first, so what is below a threshold changes nothing above it: F1 is that of the kept detections alone.
    """
    portions = [_outcomes(evaluation, k) for k in range(len(names))]
    scores, right = (np.concatenate(columns) for columns in zip(*((s, r) for s, r, _ in portions), strict=True))
    rankings = [_ranking(*portion) for portion in portions]
    overall = _ranking(scores, right, sum(boxes for _, _, boxes in portions))
    points = {name: point for name, ranking in zip(names, rankings, strict=True) if (point := best_point(ranking))}
    best = best_point(overall)
    thresholds = np.linspace(0, max(scores.max(initial=0), 1e-9), DRAWN)
    per_class = np.stack([_at(ranking, thresholds) for ranking in rankings], axis=1)
    return OperatingPoint(best, points) if best else None, Curves(thresholds, _at(overall, thresholds), per_class)


def best_point(ranking: Ranking) -> Point | None:
    """Return the threshold with the highest F1, the highest such; None if no detection is right.

    All thresholds above the score of the best detection left out have the same F1; take the one with fewest decimals.
    """
    scores, true, boxes = ranking
    if not boxes or not len(true) or not true[-1]:
        return None
    counts = np.flatnonzero(np.append(scores[1:] != scores[:-1], True)) + 1  # equal scores are kept together
    values = ranking.f1(counts)
    count = int(counts[np.argmax(values)])
    lower = float(scores[count]) if count < len(scores) else 0.0
    found = int(true[count - 1])
    threshold = _roundest(lower, float(scores[count - 1]))
    return Point(threshold, found / count, found / boxes, float(values.max()))


def _outcomes(evaluation: COCOeval, k: int) -> tuple[np.ndarray, np.ndarray, int]:
    """Return scores, whether each detection is right, and the number of boxes of the `k`-th class, over all images."""
    images, areas = len(evaluation.params.imgIds), len(evaluation.params.areaRng)
    start = k * areas * images  # the first area is all
    found = [image for image in evaluation.evalImgs[start : start + images] if image is not None]
    if not found:
        return np.zeros(0), np.zeros(0, bool), 0
    scores = np.concatenate([image["dtScores"] for image in found]).astype(np.float64)
    matched, ignored = (
        np.concatenate([image[name][0] for image in found]).astype(bool) for name in ("dtMatches", "dtIgnore")
    )
    boxes = sum(int(np.sum(np.equal(image["gtIgnore"], 0))) for image in found)
    return scores[~ignored], matched[~ignored], boxes


def _ranking(scores: np.ndarray, right: np.ndarray, boxes: int) -> Ranking:
    order = np.argsort(-scores, kind="stable")
    return Ranking(scores[order], np.cumsum(right[order]), boxes)


def _at(ranking: Ranking, thresholds: np.ndarray) -> np.ndarray:
    """Return F1 at each threshold."""
    return ranking.f1(np.searchsorted(-ranking.scores, -thresholds, side="right"))


def _roundest(low: float, high: float) -> float:
    """Return the number with the fewest decimals, at least two, that is above `low` and at most `high`."""
    for digits in range(FEWEST, MOST + 1):
        value = math.floor(high * 10**digits) / 10**digits
        if low < value <= high:
            return value
    return high
