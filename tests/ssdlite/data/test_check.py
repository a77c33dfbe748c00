"""What `mnv3 data check` finds."""

import json

import torch
from PIL import Image

from mnv3.ssdlite.data.check import check_split
from mnv3.ssdlite.data.coco.annotations import load_coco
from mnv3.tools.images.read import read_image


def test_a_good_split(files, tmp_path):
    lines: list[str] = []
    assert check_split(load_coco(files.write(), files.images), "val", tmp_path / "out", lines.append) == []
    found = json.loads((tmp_path / "out" / "val.json").read_text())
    assert (found["images"], found["images_without_boxes"], found["boxes"], found["crowds"]) == (4, 1, 4, 1)
    assert found["boxes_by_class"] == {"dog": 2, "cat": 2}
    assert found["boxes_by_size"] == {"small": 3, "medium": 0, "large": 0}
    assert (found["height"], found["width"], found["unreadable"]) == ([40, 70], [60, 60], {})
    text = "\n".join(lines)
    assert "4 boxes (3 small, 0 medium, 0 large), 1 crowds" in text and "dog" in text
    mosaic = read_image(tmp_path / "out" / "val.png")
    assert mosaic.float().std() > 10 and mosaic.shape[2] > 3 * 350  # three images have boxes


def test_findings_are_counted_and_what_is_unusable_is_said(files, tmp_path):
    boxes = [[5, 5, 0, 10], [50, 30, 30, 30], [1, 2, 3, 4], [1, 2, 3, 4]]
    files.document["annotations"] += [
        {"id": 10 + i, "image_id": 13, "category_id": 3, "bbox": box} for i, box in enumerate(boxes)
    ]
    data = load_coco(files.write(), files.images)
    data.path(0).write_bytes(data.path(0).read_bytes()[:1000])
    data.path(1).unlink()
    Image.new("RGB", (9, 9)).save(data.path(2))
    (problem,) = check_split(data, "train", tmp_path, lambda line: None)
    assert "3 of 4 images cannot be read" in problem and "0.png" in problem
    found = json.loads((tmp_path / "train.json").read_text())
    assert list(found["unreadable"]) == ["0.png", "1.png", "2.png"]
    assert "9x9" in found["unreadable"]["2.png"]
    assert found["boxes_of_no_size"] == [{"image": "3.png", "bbox": [5, 5, 0, 10]}]
    assert found["boxes_reaching_outside"] == [{"image": "3.png", "bbox": [50, 30, 30, 30]}]
    assert found["boxes_given_twice"] == [{"image": "3.png", "bbox": [1, 2, 3, 4]}]


def test_a_split_without_boxes_cannot_train(files, tmp_path):
    files.document["annotations"] = []
    (problem,) = check_split(load_coco(files.write(), files.images), "train", tmp_path, lambda line: None)
    assert "no box" in problem
    assert torch.is_tensor(read_image(tmp_path / "train.png"))
