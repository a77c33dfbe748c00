"""Scores against pycocotools, called by hand on the file that is written."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
import torch
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from mnv3.ssdlite.data.coco.annotations import CocoData, load_coco
from mnv3.ssdlite.evaluate.results import Result, write_results
from mnv3.ssdlite.evaluate.scorer import CocoScorer, Scores
from tests.ssdlite.evaluate.made_up import data_set, detections


def by_hand(json_path: Path, results_path: Path) -> COCOeval:
    truth = COCO(str(json_path))
    evaluation = COCOeval(truth, truth.loadRes(str(results_path)), "bbox")
    evaluation.evaluate()
    evaluation.accumulate()
    evaluation.summarize()
    return evaluation


def scored(data: CocoData, seed: int) -> tuple[list[Result], Scores]:
    scorer = CocoScorer(data)
    found = detections(data, seed)
    for start in range(0, len(data), 4):
        rows = slice(start, start + 4)
        scorer.add(torch.from_numpy(data.image_ids[rows]), type(found)(*(column[rows] for column in found)))
    results = scorer.results()
    return results, scorer.scores(results)


def assert_same(scores: Scores, evaluation: COCOeval, data: CocoData) -> None:
    np.testing.assert_array_equal(list(scores.stats.values()), nans(evaluation.stats))  # equal, not close
    for k, category in enumerate(data.categories):
        precision = evaluation.eval["precision"][:, :, k, 0, 2]
        expected = float(precision.mean()) if (precision >= 0).all() else math.nan
        assert scores.per_class[category.name] == pytest.approx(expected, rel=1e-12, nan_ok=True)
        expected50 = float(precision[0].mean()) if (precision >= 0).all() else math.nan
        assert scores.per_class50[category.name] == pytest.approx(expected50, rel=1e-12, nan_ok=True)
    known = [value for value in scores.per_class.values() if not math.isnan(value)]
    assert np.mean(known) == pytest.approx(scores.stats["AP"], rel=1e-12)


def nans(stats: np.ndarray) -> list[float]:
    return [float(value) if value >= 0 else math.nan for value in stats]


@pytest.mark.parametrize("seed", range(3))
def test_same_as_pycocotools_on_the_written_file(tmp_path: Path, seed: int) -> None:
    data = data_set(tmp_path, seed, images=15, crowds=0.2)
    results, scores = scored(data, seed)
    write_results(tmp_path / "detections.json", results)
    assert_same(scores, by_hand(data.source, tmp_path / "detections.json"), data)
    assert 0.05 < scores.stats["AP"] < 0.9


def test_real_labels_with_crowds_and_sparse_ids(tmp_path: Path, test_data: Path) -> None:
    root = test_data / "coco_sample"
    path = root / "annotations" / "instances_train2017.json"
    data = load_coco(path, root / "train2017", "category_id")
    assert data.crowd.any()
    results, scores = scored(data, 0)
    write_results(tmp_path / "detections.json", results)
    assert_same(scores, by_hand(path, tmp_path / "detections.json"), data)
    assert scores.stats["AP"] > 0.2


def test_truth_as_detections_is_perfect_but_for_crowds(tmp_path: Path) -> None:
    data = data_set(tmp_path, 1, crowds=0.0)
    truth = data.ground_truth()["annotations"]
    results = [{key: one[key] for key in ("image_id", "category_id", "bbox")} | {"score": 1.0} for one in truth]
    scores = CocoScorer(data).scores(results)
    assert scores.stats["AP"] == pytest.approx(1.0)
    assert scores.confusion.trace() == scores.confusion.sum() == len(truth)


def test_nothing_found_scores_zero_and_prints_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = data_set(tmp_path)
    scorer = CocoScorer(data)
    scores = scorer.scores(scorer.results())
    assert scores.stats["AP"] == scores.stats["AR100"] == 0.0
    assert capsys.readouterr() == ("", "")


def test_a_class_without_boxes_has_no_score(tmp_path: Path) -> None:
    content = json.loads(data_set(tmp_path).source.read_text())
    content["categories"].append({"id": 999, "name": "never"})
    (tmp_path / "more.json").write_text(json.dumps(content))
    data = load_coco(tmp_path / "more.json", tmp_path)
    _, scores = scored(data, 0)
    assert math.isnan(scores.per_class["never"]) and math.isnan(scores.per_class50["never"])
    assert not math.isnan(scores.stats["AP"])


def test_curves_are_those_of_the_evaluation(tmp_path: Path) -> None:
    data = data_set(tmp_path, 2, images=15)
    results, scores = scored(data, 2)
    write_results(tmp_path / "detections.json", results)
    precision = by_hand(data.source, tmp_path / "detections.json").eval["precision"]
    for iou, row in ((0.5, 0), (0.75, 5)):
        np.testing.assert_array_equal(scores.curves[iou], precision[row, :, :, 0, 2])
