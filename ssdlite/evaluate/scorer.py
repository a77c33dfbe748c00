"""COCO's scores, computed by pycocotools."""

import io
from collections.abc import Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass
from typing import Any

import numpy as np
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from mnv3.ssdlite.data.coco.annotations import CocoData
from mnv3.ssdlite.evaluate.confusion import confusion_matrix
from mnv3.ssdlite.evaluate.results import Collector, Result, read_table

STATS = ("AP", "AP50", "AP75", "APs", "APm", "APl", "AR1", "AR10", "AR100", "ARs", "ARm", "ARl")
"""COCO's twelve numbers, in pycocotools' order: AP over IoU 0.50:0.95, at 0.50, at 0.75, of small, medium and large
objects; recall with 1, 10 and 100 detections an image, of small, medium and large objects."""

CURVES = (0.5, 0.75)
"""IoU thresholds of the precision-recall curves."""

SCORE_THRESHOLD = 0.3
"""Of the confusion matrix and of drawn detections; a common value for SSD. AP uses no threshold."""


@dataclass(frozen=True, eq=False)
class Scores:
    """Scores of one data set; NaN without ground truth to score (-1 in pycocotools).

    `stats`: STATS -> value. `per_class`, `per_class50`: class name -> AP, AP50. `curves`: IoU threshold -> precision
    [101, K] at recalls 0, 0.01, .. 1. `confusion` [K + 1, K + 1], see `confusion_matrix`. K in the order of `names`.
    """

    stats: dict[str, float]
    per_class: dict[str, float]
    per_class50: dict[str, float]
    curves: dict[float, np.ndarray]
    confusion: np.ndarray
    names: tuple[str, ...]
    score_threshold: float


class CocoScorer(Collector):
    """Collects the detections of a data set's images and scores them."""

    def __init__(self, data: CocoData, score_threshold: float = SCORE_THRESHOLD) -> None:
        super().__init__(data)
        self.score_threshold = score_threshold

    def scores(self, results: Sequence[Result]) -> Scores:
        """Score `results` on all images of the data set, including those without detections."""
        return score_results(self.data, results, self.score_threshold)


def score_results(data: CocoData, results: Sequence[Result], score_threshold: float = SCORE_THRESHOLD) -> Scores:
    """Score official results against the ground truth of `data`."""
    evaluation = _evaluate(data, results)
    precision = np.where(evaluation.eval["precision"] < 0, np.nan, evaluation.eval["precision"])
    precision = precision[..., 0, -1]  # [IoU threshold, recall, class], all areas, most detections
    thresholds = evaluation.params.iouThrs
    curves = {iou: precision[int(np.argmin(np.abs(thresholds - iou)))] for iou in CURVES}
    names = tuple(category.name for category in data.categories)
    values = [float(value) if value >= 0 else float("nan") for value in evaluation.stats]
    return Scores(
        stats=dict(zip(STATS, values, strict=True)),
        per_class=dict(zip(names, precision.mean(axis=(0, 1)).tolist(), strict=True)),
        per_class50=dict(zip(names, curves[0.5].mean(axis=0).tolist(), strict=True)),
        curves=curves,
        confusion=confusion_matrix(data, read_table(results), score_threshold=score_threshold),
        names=names,
        score_threshold=score_threshold,
    )


def _evaluate(data: CocoData, results: Sequence[Result]) -> COCOeval:
    """Run pycocotools' evaluation of boxes without its output."""
    with redirect_stdout(io.StringIO()):
        truth: Any = COCO()  # its type annotations are narrower than what it accepts
        truth.dataset = data.ground_truth()
        truth.createIndex()
        if results:
            found = truth.loadRes([dict(result) for result in results])  # it adds keys to the dictionaries
        else:  # loadRes does not accept an empty list
            found: Any = COCO()
            found.dataset = {**truth.dataset, "annotations": []}
            found.createIndex()
        evaluation = COCOeval(truth, found, "bbox")
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    return evaluation
