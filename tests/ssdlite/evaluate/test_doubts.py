"""Labels that a detector contradicts, with a detector that knows the truth."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mnv3.ssdlite.data.coco.annotations import CocoData, load_coco
from mnv3.ssdlite.evaluate.doubts import Doubt, doubts_of_split, report_doubts
from mnv3.tools.errors import UserError
from mnv3.tools.predict.predictor import Boxes
from tests.box_files import NAMES, Drawn, coco_document, draw, write

DRAWN = draw(10, 0)


class Oracle:
    """Finds the boxes drawn, one image after the other, with the scores 0.99, 0.98, ..."""

    task, ids, colours = "ssdlite", {}, {}

    def __init__(self, classes: Sequence[str] = NAMES) -> None:
        self.classes = dict(enumerate(classes, start=1))
        self.left = [image.boxes for image in DRAWN]

    def __call__(self, images: Sequence[np.ndarray]) -> list[Boxes]:
        found = []
        for _ in images:
            rows, self.left = self.left[0], self.left[1:]
            boxes = np.array([box[1:] for box in rows], np.float32).reshape(-1, 4)
            slots = np.array([NAMES.index(box[0]) + 1 for box in rows], np.int64)
            found.append(Boxes(boxes, 0.99 - 0.01 * np.arange(len(rows), dtype=np.float32), slots))
        return found


def labelled(folder: Path, change: Any = lambda document: None) -> CocoData:
    """The images drawn, with labels that `change` changes."""
    document = coco_document(DRAWN)
    change(document)
    write(folder / "boxes.json", document)
    for image in DRAWN:
        image.save(folder)
    return load_coco(folder / "boxes.json", folder)


def separate(image: Drawn, place: int) -> bool:
    """Whether a box of an image overlaps no other one."""
    _, left, top, right, bottom = image.boxes[place]
    others = [box for number, box in enumerate(image.boxes) if number != place]
    return all(box[1] >= right or box[3] <= left or box[2] >= bottom or box[4] <= top for box in others)


def alone() -> list[int]:
    """Numbers of annotations of boxes that overlap no other one."""
    places = [(image, place) for image in DRAWN for place in range(len(image.boxes))]
    return [number for number, (image, place) in enumerate(places) if separate(image, place)]


def found(data: CocoData, classes: Sequence[str] = NAMES) -> list[Doubt]:
    return doubts_of_split(Oracle(classes), data, "train", lambda line: None)


def test_true_labels_are_not_doubted(tmp_path: Path) -> None:
    assert found(labelled(tmp_path)) == []


def test_a_label_left_out_a_wrong_class_and_a_label_of_nothing(tmp_path: Path) -> None:
    out, wrong, *_ = alone()

    def change(document: dict[str, Any]) -> None:
        entries = document["annotations"]
        entries[wrong]["category_id"] = entries[wrong]["category_id"] % 3 + 1
        empty = next(image["id"] for image in document["images"] if not DRAWN[image["id"] - 1].boxes)
        entries.append({"id": 999, "image_id": empty, "category_id": 2, "bbox": [10, 10, 20, 20]})
        del entries[out]

    entries = coco_document(DRAWN)["annotations"]
    doubts = {doubt.kind: doubt for doubt in found(labelled(tmp_path, change))}
    assert doubts.keys() == {"no label", "another class", "not found"}
    assert doubts["no label"].found == NAMES[entries[out]["category_id"] - 1] and doubts["no label"].label == ""
    other = doubts["another class"]
    right = NAMES[entries[wrong]["category_id"] - 1]
    assert (other.found, other.label) == (right, NAMES[entries[wrong]["category_id"] % 3]) and right in other.text
    x, y, width, height = entries[wrong]["bbox"]
    assert other.box == [x, y, x + width, y + height]
    assert doubts["not found"].label == "car" and doubts["not found"].image == "frame 05.jpg"


def test_crowds_and_boxes_a_little_beside_are_not_doubted(tmp_path: Path) -> None:
    def change(document: dict[str, Any]) -> None:
        for entry in document["annotations"]:
            entry["bbox"][0] += entry["bbox"][2] / 8
        entry = document["annotations"][alone()[0]]
        entry["iscrowd"] = 1

    assert found(labelled(tmp_path, change)) == []


def test_classes_that_the_run_does_not_have(tmp_path: Path) -> None:
    lines: list[str] = []
    data = labelled(tmp_path)
    assert doubts_of_split(Oracle(["bus", "car", "cow"]), data, "train", lines.append) == []
    assert any("dog" in line for line in lines)
    with pytest.raises(UserError, match="none of the classes"):
        found(data, classes=["a", "b", "c"])


def test_what_is_reported(tmp_path: Path) -> None:
    def change(document: dict[str, Any]) -> None:
        del document["annotations"][alone()[0]]

    data, lines = labelled(tmp_path, change), list[str]()
    report_doubts(found(data), {"train": data}, tmp_path / "out", lines.append)
    assert "without a label: 1" in lines[0] and "not found" in lines[2] and ": 0." in lines[1]
    (entry,) = json.loads((tmp_path / "out" / "doubts.json").read_text())
    assert (entry["kind"], entry["split"], entry["score"]) == ("no label", "train", 0.99)
    assert (tmp_path / "out" / "doubts.png").is_file() and "doubts.png" in lines[3]
