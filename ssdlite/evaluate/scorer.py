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
from mnv3.ssdlite.evaluate.best_f1 import Curves, f1_of
from mnv3.ssdlite.evaluate.confusion import confusion_matrix
from mnv3.ssdlite.evaluate.results import Collector, Result, read_table
from mnv3.ssdlite.model.presets import COCO_MOST
from mnv3.tools.predict.operating_point import OperatingPoint, default_threshold

STATS = ("AP", "AP50", "AP75", "APs", "APm", "APl", "AR1", "AR10", "AR100", "ARs", "ARm", "ARl")
"""COCO's twelve numbers, in pycocotools' order: AP over IoU 0.50:0.95, at 0.50, at 0.75, of small, medium and large
objects; recall with 1, 10 and 100 detections an image and class, of small, medium and large objects."""

CURVES = (0.5, 0.75)
"""IoU thresholds of the precision-recall curves."""


@dataclass(frozen=True, eq=False)
class Scores:
    """Scores of one data set; NaN without ground truth to score (-1 in pycocotools).

    `stats`: STATS -> value, with more than 100 detections an image "AR300" or the like instead of "AR100". `per_class`,
    `per_class50`: class name -> AP, AP50. `curves`: IoU threshold -> precision [101, K] at recalls 0, 0.01, .. 1.
    `point`: the best thresholds, None if nothing is right; `f1`: its curves. `confusion` [K + 1, K + 1], see
    `confusion_matrix`, of detections above `score_threshold`. `max_detections`: most of an image and class that count.
    K in the order of `names`.
    """

    stats: dict[str, float]
    per_class: dict[str, float]
    per_class50: dict[str, float]
    curves: dict[float, np.ndarray]
    point: OperatingPoint | None
    f1: Curves
    confusion: np.ndarray
    names: tuple[str, ...]
    score_threshold: float
    max_detections: int


class CocoScorer(Collector):
    """Collects the detections of a data set's images and scores them; at most `max_detections` of an image and class
    count."""

    def __init__(self, data: CocoData, max_detections: int = COCO_MOST) -> None:
        super().__init__(data)
        self.max_detections = max_detections

    def scores(self, results: Sequence[Result]) -> Scores:
        """Score `results` on all images of the data set, including those without detections."""
        return score_results(self.data, results, max_detections=self.max_detections)


def score_results(
    data: CocoData,
    results: Sequence[Result],
    score_threshold: float | None = None,
    max_detections: int = COCO_MOST,
) -> Scores:
    """Score official results against the ground truth of `data`.

    `score_threshold`: of the confusion matrix; None: the best for F1. AP uses no threshold.
    """
    evaluation = _evaluate(data, results, max_detections)
    precision = np.where(evaluation.eval["precision"] < 0, np.nan, evaluation.eval["precision"])
    precision = precision[..., 0, -1]  # [IoU threshold, recall, class], all areas, most detections
    thresholds = evaluation.params.iouThrs
    curves = {iou: precision[int(np.argmin(np.abs(thresholds - iou)))] for iou in CURVES}
    names = tuple(category.name for category in data.categories)
    values = [float(value) if value >= 0 else float("nan") for value in evaluation.stats]
    stats = [f"AR{max_detections}" if name == f"AR{COCO_MOST}" else name for name in STATS]
    point, f1 = f1_of(evaluation, names)
    threshold = default_threshold(point) if score_threshold is None else score_threshold
    return Scores(
        stats=dict(zip(stats, values, strict=True)),
        per_class=dict(zip(names, precision.mean(axis=(0, 1)).tolist(), strict=True)),
        per_class50=dict(zip(names, curves[0.5].mean(axis=0).tolist(), strict=True)),
        curves=curves,
        point=point,
        f1=f1,
        confusion=confusion_matrix(data, read_table(results), score_threshold=threshold),
        names=names,
        score_threshold=threshold,
        max_detections=max_detections,
    )


def _evaluate(data: CocoData, results: Sequence[Result], max_detections: int) -> COCOeval:
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
        evaluation.params.maxDets = [1, 10, max_detections]
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    if max_detections != COCO_MOST:  # summarize looks for AP with 100 whatever the limit is, and finds none
        precision = evaluation.eval["precision"][..., 0, -1]
        evaluation.stats[0] = precision[precision > -1].mean() if (precision > -1).any() else -1
    return evaluation
