"""Remarks on boxes that can be trained on, but not well."""

from pathlib import Path
from typing import Any

import numpy as np

from mnv3.ssdlite.data.advice import on_both, on_training
from mnv3.ssdlite.data.coco.annotations import CocoData, load_coco
from mnv3.ssdlite.data.sizes import automatic_size, sides_in_input
from tests.box_files import write


def split(folder: Path, images: int, boxes: dict[str, int], side: float = 50) -> CocoData:
    """A split of 640x480 images with so many boxes of each class, of so many pixels."""
    entries: list[dict[str, Any]] = []
    for number, (_, count) in enumerate(boxes.items(), start=1):
        for _ in range(count):
            entry = {"image_id": len(entries) % images, "category_id": number, "bbox": [3, 4, side, side]}
            entries.append({"id": len(entries) + 1, **entry})
    document = {
        "images": [{"id": i, "file_name": f"{i}.jpg", "height": 480, "width": 640} for i in range(images)],
        "categories": [{"id": number, "name": name} for number, name in enumerate(boxes, start=1)],
        "annotations": entries,
    }
    write(folder / "boxes.json", document)
    return load_coco(folder / "boxes.json", folder)


def test_nothing_is_remarked_on_good_data(tmp_path: Path) -> None:
    train = split(tmp_path, 60, {"cat": 100, "dog": 90})
    assert on_training(train, automatic_size(train)) == [] and on_both(train, train) == []
    assert automatic_size(train) == (480, 640)


def test_few_images_few_boxes_and_rare_classes(tmp_path: Path) -> None:
    train = split(tmp_path, 30, {"cat": 3000, "dog": 19, "cow": 20, "fox": 60, "elk": 0})
    images, few, rare = on_training(train, (480, 640))
    assert "30 images" in images and few.endswith("dog (19).") and "cow (20)" in rare and "fox" not in rare


def test_tiny_boxes_at_the_size_of_the_input(tmp_path: Path) -> None:
    train = split(tmp_path, 60, {"cat": 100}, side=15)
    assert on_training(train, (480, 640)) == []
    (line,) = on_training(train, (224, 320))
    assert "100 of 100 training boxes (100%)" in line and "224 x 320" in line and "[448,640]" in line
    np.testing.assert_allclose(sides_in_input(train, (224, 320))[0], [7.5, 7.0])


def test_classes_that_one_split_lacks(tmp_path: Path) -> None:
    train, val = (tmp_path / "train", tmp_path / "val")
    opened = split(train, 60, {"cat": 100, "dog": 0, "cow": 50}), split(val, 9, {"cat": 200, "dog": 5, "cow": 0})
    learnt, scored = on_both(*opened)
    assert "dog" in learnt and "cow" not in learnt and "cow" in scored and "dog" not in scored
    (few,) = on_both(split(train, 60, {"cat": 100}), split(val, 9, {"cat": 90}))
    assert "val has 9 images with 90 boxes" in few
