"""The COCO data set, read by pycocotools."""

import contextlib
import io
import json
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
from PIL import Image
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from mnv3.tools.streets.classes import COCO_CATEGORIES


def _quietly(function, *arguments):
    with contextlib.redirect_stdout(io.StringIO()):
        return function(*arguments)


@pytest.mark.parametrize("kind", ["bbox", "segm"])
def test_ground_truth_scores_one_against_itself(coco_folder: Path, kind: Literal["bbox", "segm"]):
    truth = _quietly(COCO, str(coco_folder / "annotations/instances_val.json"))
    found = [
        {"image_id": a["image_id"], "category_id": a["category_id"], "score": 0.9, "bbox": a["bbox"]}
        | ({"segmentation": a["segmentation"]} if kind == "segm" else {})
        for a in truth.dataset["annotations"]
        if not a["iscrowd"]
    ]
    evaluation = COCOeval(truth, _quietly(truth.loadRes, found), kind)
    for step in (evaluation.evaluate, evaluation.accumulate, evaluation.summarize):
        _quietly(step)
    assert evaluation.stats[0] == 1.0


def test_images_are_there_in_the_size_that_the_json_says(coco_folder: Path):
    ids = set()
    for split, count in (("train", 10), ("val", 14)):
        document = json.loads((coco_folder / f"annotations/instances_{split}.json").read_text())
        assert len(document["images"]) == len(list((coco_folder / split).iterdir())) == count
        for image in document["images"]:
            with Image.open(coco_folder / split / image["file_name"]) as picture:
                assert picture.format == "JPEG"
                assert picture.size == (image["width"], image["height"])
        names = {category["name"]: category["id"] for category in document["categories"]}
        assert names == {name: key for name, (key, _) in COCO_CATEGORIES.items()}
        ids |= {image["id"] for image in document["images"]}
    assert len(ids) == 24


def test_boxes_lie_in_their_images(coco_folder: Path):
    document = json.loads((coco_folder / "annotations/instances_train.json").read_text())
    boxes = np.array([a["bbox"] for a in document["annotations"]])
    image = document["images"][0]
    assert (boxes[:, :2] >= 0).all() and (boxes[:, 2:] > 0).all()
    assert (boxes[:, 0] + boxes[:, 2] <= image["width"]).all()
    assert (boxes[:, 1] + boxes[:, 3] <= image["height"]).all()
    assert len({a["id"] for a in document["annotations"]}) == len(boxes)
