"""The confusion matrix against one that loops over everything."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.testing import assert_array_equal

from mnv3.ssdlite.data.coco.annotations import CocoData, load_coco
from mnv3.ssdlite.evaluate.confusion import confusion_matrix
from mnv3.ssdlite.evaluate.results import Result, Table, read_table
from mnv3.ssdlite.evaluate.scorer import CocoScorer
from tests.ssdlite.evaluate.made_up import data_set, detections


def iou(a: list[float], b: list[float]) -> float:
    w = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    h = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    shared = max(w, 0) * max(h, 0)
    return shared / (a[2] * a[3] + b[2] * b[3] - shared)


def share_inside(box: list[float], area: list[float]) -> float:
    w = min(box[0] + box[2], area[0] + area[2]) - max(box[0], area[0])
    h = min(box[1] + box[3], area[1] + area[3]) - max(box[1], area[1])
    return max(w, 0) * max(h, 0) / (box[2] * box[3])


def looped(data: CocoData, results: list[Result], threshold: float) -> np.ndarray:
    """One image after the other, one best pair after the other."""
    ids = [category.id for category in data.categories]
    background = len(ids)
    matrix = np.zeros((background + 1, background + 1), dtype=np.int64)
    for annotation in (truth := data.ground_truth()["annotations"]):
        annotation["taken"] = False
    for image_id in data.image_ids.tolist():
        boxes = [one for one in truth if one["image_id"] == image_id and not one["iscrowd"]]
        crowds = [one for one in truth if one["image_id"] == image_id and one["iscrowd"]]
        found = [dict(one) for one in results if one["image_id"] == image_id and one["score"] >= threshold]
        pairs = [
            (box["category_id"] == one["category_id"], iou(box["bbox"], one["bbox"]), -n, box, one)
            for box in boxes
            for n, one in enumerate(found)
            if iou(box["bbox"], one["bbox"]) >= 0.5
        ]
        for _, _, _, box, one in sorted(pairs, key=lambda pair: pair[:3], reverse=True):
            if not box["taken"] and not one.get("taken"):
                box["taken"] = one["taken"] = True
                matrix[ids.index(box["category_id"]), ids.index(one["category_id"])] += 1
        for box in boxes:
            matrix[ids.index(box["category_id"]), background] += not box["taken"]
        for one in found:
            mine = [crowd for crowd in crowds if crowd["category_id"] == one["category_id"]]
            if not one.get("taken") and not any(share_inside(one["bbox"], crowd["bbox"]) >= 0.5 for crowd in mine):
                matrix[background, ids.index(one["category_id"])] += 1
    return matrix


@pytest.mark.parametrize("seed", range(8))
def test_as_the_loop(tmp_path: Path, seed: int) -> None:
    data = data_set(tmp_path, seed, images=12, classes=2 + seed % 4, crowds=0.25)
    scorer = CocoScorer(data)
    scorer.add(torch.from_numpy(data.image_ids), detections(data, seed))
    results = scorer.results()
    assert len(results) > 30
    for threshold in (0.0, 0.3, 0.9):
        assert_array_equal(
            confusion_matrix(data, read_table(results), score_threshold=threshold), looped(data, results, threshold)
        )


def test_nothing_found(tmp_path: Path) -> None:
    data = data_set(tmp_path, classes=3, crowds=0.0)
    matrix = confusion_matrix(data, read_table([]))
    assert matrix.sum() == matrix[:3, 3].sum() == len(data.boxes) > 0


def test_nothing_there(tmp_path: Path) -> None:
    path = tmp_path / "bare.json"
    image = {"id": 7, "file_name": "7.jpg", "height": 9, "width": 9}
    category = {"id": 10, "name": "kind"}
    path.write_text(json.dumps({"images": [image], "annotations": [], "categories": [category]}))
    one = Table(np.array([7]), np.array([10]), np.array([[0.0, 0.0, 5.0, 5.0]]), np.array([0.9]))
    assert confusion_matrix(load_coco(path, tmp_path), one).tolist() == [[0, 0], [1, 0]]
