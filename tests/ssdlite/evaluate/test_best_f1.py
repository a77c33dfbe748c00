"""The best threshold against pycocotools' own arrays, and by scoring again what it keeps."""

import contextlib
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from mnv3.ssdlite.data.coco.annotations import CocoData, load_coco
from mnv3.ssdlite.evaluate.best_f1 import Ranking, best_point
from mnv3.ssdlite.evaluate.results import Result, read_table
from mnv3.ssdlite.evaluate.scorer import Scores, score_results
from mnv3.tools.predict.operating_point import NO_POINT
from tests.ssdlite.evaluate.made_up import data_set
from tests.ssdlite.evaluate.test_scorer import scored


def evaluated(data: CocoData, results: list[Result], category: int, recalls: np.ndarray) -> COCOeval:
    """pycocotools' evaluation of one class at IoU 0.5, with its precision at `recalls`."""
    with contextlib.redirect_stdout(io.StringIO()):
        truth: Any = COCO()
        truth.dataset = data.ground_truth()
        truth.createIndex()
        evaluation = COCOeval(truth, truth.loadRes([dict(result) for result in results]), "bbox")
        evaluation.params.iouThrs, evaluation.params.recThrs = np.array([0.5]), recalls
        evaluation.params.catIds = [category]
        evaluation.evaluate()
        evaluation.accumulate()
    return evaluation


def distinct(results: list[Result]) -> list[Result]:
    """The same results without two equal scores: pycocotools splits those."""
    return [{**result, "score": result["score"] + 1e-6 * place} for place, result in enumerate(results)]


@pytest.mark.parametrize("seed", range(4))
def test_no_threshold_has_a_higher_f1_by_pycocotools_arrays(tmp_path: Path, seed: int) -> None:
    data = data_set(tmp_path, seed, images=15, crowds=0.2)
    results = distinct(scored(data, seed)[0])
    scores = score_results(data, results)
    assert scores.point is not None and len(scores.point.per_class) == 4
    for category in data.categories:
        boxes = int(((data.category_ids == category.id) & ~data.crowd).sum())
        recalls = np.arange(1, boxes + 1) / boxes - 1e-9
        precision = evaluated(data, results, category.id, recalls).eval["precision"][0, :, 0, 0, 2]
        f1 = 2 * precision * recalls / np.maximum(precision + recalls, 1e-12)
        best = scores.point.per_class[category.name]
        assert best.f1 == pytest.approx(f1.max(), abs=1e-6)
        place = round(best.recall * boxes) - 1  # two places can have the same F1
        assert best.precision == pytest.approx(precision[place], abs=1e-6)


@pytest.mark.parametrize("seed", range(4))
def test_what_the_threshold_keeps_scores_as_promised(tmp_path: Path, seed: int) -> None:
    """Scores are equal in places here; what is kept is matched anew, by pycocotools."""
    data = data_set(tmp_path, seed, images=15, crowds=0.2)
    results, scores = scored(data, seed)
    assert scores.point is not None
    right = 0.0
    for category in data.categories:
        boxes = int(((data.category_ids == category.id) & ~data.crowd).sum())
        best = scores.point.per_class[category.name]
        kept = [result for result in results if result["score"] >= best.threshold]
        assert evaluated(data, kept, category.id, np.array([0])).eval["recall"][0, 0, 0, 2] == best.recall
        kept = [result for result in results if result["score"] >= scores.point.overall.threshold]
        right += boxes * evaluated(data, kept, category.id, np.array([0])).eval["recall"][0, 0, 0, 2]
    _, precision, recall, f1 = scores.point.overall
    assert recall == pytest.approx(right / (~data.crowd).sum())
    assert f1 == pytest.approx(2 * precision * recall / (precision + recall))
    again = score_results(data, [r for r in results if r["score"] >= scores.point.overall.threshold]).point
    assert again is not None and again.overall == scores.point.overall


def test_real_labels_with_crowds(tmp_path: Path, test_data: Path) -> None:
    root = test_data / "coco_sample"
    data = load_coco(root / "annotations" / "instances_train2017.json", root / "train2017", "category_id")
    results, scores = scored(data, 0)
    best = max(f1_by_loops(data, results, threshold) for threshold in {result["score"] for result in results})
    assert scores.point is not None and scores.point.overall.f1 == pytest.approx(best)
    assert scores.f1.overall.max() == pytest.approx(best, abs=0.01)


def f1_by_loops(data: CocoData, results: list[Result], threshold: float) -> float:
    """All classes together, counted from pycocotools' matches of what scores at least `threshold`."""
    kept = [result for result in results if result["score"] >= threshold]
    true = false = 0
    for category in data.categories:
        for image in evaluated(data, kept, category.id, np.array([0])).evalImgs[: len(data)]:
            for match, ignored in zip(image["dtMatches"][0], image["dtIgnore"][0], strict=True) if image else ():
                true += match > 0 and not ignored
                false += match == 0 and not ignored
    return 2 * true / (true + false + int((~data.crowd).sum()))


def test_curves_pass_through_the_best_points(tmp_path: Path) -> None:
    data = data_set(tmp_path, 1, images=15)
    _, scores = scored(data, 1)
    assert scores.point is not None
    place = np.searchsorted(scores.f1.thresholds, scores.point.overall.threshold) - 1
    assert scores.f1.overall[place] == pytest.approx(scores.point.overall.f1)
    np.testing.assert_allclose(np.nanmax(scores.f1.per_class, 0), [p.f1 for p in scores.point.per_class.values()])


def test_the_confusion_matrix_has_the_best_threshold_unless_another_is_given(tmp_path: Path) -> None:
    data = data_set(tmp_path, 1)
    results, scores = scored(data, 1)
    assert scores.point is not None and scores.score_threshold == scores.point.overall.threshold
    kept = (read_table(results).scores >= scores.score_threshold).sum()
    assert scores.confusion[:, :-1].sum() <= kept < len(results)
    assert score_results(data, results, 0.3).score_threshold == 0.3


def test_nothing_right_has_no_threshold(tmp_path: Path) -> None:
    data = data_set(tmp_path)
    for results in ([], [{"image_id": int(data.image_ids[0]), "category_id": 10, "bbox": [0, 0, 1, 1], "score": 0.9}]):
        scores = score_results(data, results)
        assert scores.point is None and scores.score_threshold == NO_POINT


@pytest.mark.parametrize(
    ("scores", "true", "threshold"),
    [
        ([0.91, 0.4127, 0.4063, 0.2], [1, 2, 2, 2], 0.41),
        ([0.91, 0.41273, 0.41271, 0.2], [1, 2, 2, 2], 0.41273),
        ([0.9, 0.5, 0.5, 0.1], [1, 1, 2, 2], 0.5),  # equal scores are kept together
        ([0.004], [1], 0.004),
        ([1.0], [1], 1.0),
    ],
)
def test_a_threshold_has_few_decimals(scores: list[float], true: list[int], threshold: float) -> None:
    found = best_point(Ranking(np.array(scores), np.array(true), 2))
    assert found is not None and found.threshold == threshold


def test_more_than_100_detections_count_if_asked(tmp_path: Path) -> None:
    """150 boxes in rows, all found: with COCO's limit of 100, a third of them is missed."""
    boxes = [[20 * (i % 15), 20 * (i // 15), 15, 15] for i in range(150)]
    image = {"id": 1, "file_name": "a.jpg", "height": 300, "width": 300}
    rows = [{"image_id": 1, "category_id": 1, "bbox": box, "iscrowd": 0} for box in boxes]
    truth = [{**row, "id": i, "area": 225} for i, row in enumerate(rows, 1)]
    path = tmp_path / "many.json"
    path.write_text(json.dumps({"images": [image], "annotations": truth, "categories": [{"id": 1, "name": "seed"}]}))
    data = load_coco(path, tmp_path)
    results = [{**row, "score": 1 - i / 1000} for i, row in enumerate(rows)]
    few, all_of_them = score_results(data, results), score_results(data, results, max_detections=300)
    assert few.stats["AP"] < 0.7 and all_of_them.stats["AP"] == pytest.approx(1)
    assert few.stats["AR100"] == pytest.approx(2 / 3) and all_of_them.stats["AR300"] == 1
    assert few.point and few.point.overall.recall == pytest.approx(2 / 3)
    assert all_of_them.point and all_of_them.point.overall.f1 == 1
    assert scores_but_names(all_of_them) == scores_but_names(score_results(data, results, max_detections=150))


def scores_but_names(scores: Scores) -> list[str]:
    return [f"{value:.6f}" for value in scores.stats.values()]
