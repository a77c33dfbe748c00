"""COCO's and LabelMe's JSON: what is understood, and what is refused."""

import json
from pathlib import Path
from typing import Any

import pytest

from mnv3.ssdlite.data.coco.annotations import load_coco
from mnv3.tools.errors import UserError
from tests.box_files import Drawn, coco_document, draw, labelme_document, write, write_coco, write_roboflow
from tests.ssdlite.data.formats.opening import opened

IMAGE = Drawn("a.jpg", (50, 60), (("dog", 10, 5, 30, 25),), "")


def labelme(folder: Path, lines: list[str] | None = None, **shape: Any) -> list[list[float]]:
    """Boxes of a folder with one image and one shape."""
    IMAGE.save(folder)
    document = labelme_document(IMAGE)
    document["shapes"][0] |= shape
    write(folder / "a.json", document)
    return opened(folder, lines=lines).boxes.tolist()


@pytest.mark.parametrize(
    ("kind", "points", "box"),
    [
        ("rectangle", [[30, 5], [10, 25]], [10, 5, 20, 20]),
        ("rectangle", [[10, 5], [30, 5], [30, 25], [10, 25]], [10, 5, 20, 20]),
        ("polygon", [[10, 5], [30, 8], [15, 25]], [10, 5, 20, 20]),
        ("circle", [[20, 15], [23, 19]], [15, 10, 10, 10]),
        ("mask", [[10, 5], [30, 25]], [10, 5, 20, 20]),
    ],
)
def test_shapes(tmp_path: Path, kind: str, points: list[list[float]], box: list[float]) -> None:
    assert labelme(tmp_path, shape_type=kind, points=points) == [box]


def test_points_and_lines_are_left_out(tmp_path: Path) -> None:
    document = labelme_document(IMAGE)
    document["shapes"].append({"label": "dog", "shape_type": "linestrip", "points": [[1, 2], [3, 4]]})
    IMAGE.save(tmp_path)
    write(tmp_path / "a.json", document)
    lines: list[str] = []
    assert len(opened(tmp_path, lines=lines).boxes) == 1
    assert any("lines are left out" in line and "a.json" in line for line in lines)


@pytest.mark.parametrize(
    ("shape", "named"),
    [
        ({"shape_type": "polygon", "points": [[1, 2], [3, 4]]}, "a polygon with 2"),
        ({"points": [[1, 2]]}, "a rectangle with 1"),
        ({"points": [[1, 2], [3]]}, "pairs"),
        ({"points": [[1, 2], [3, "x"]]}, "pairs"),
        ({"points": None}, "a rectangle with 0"),
        ({"label": ""}, "label"),
        ({"label": 3}, "label"),
    ],
)
def test_bad_shapes(tmp_path: Path, shape: dict[str, Any], named: str) -> None:
    with pytest.raises(UserError) as caught:
        labelme(tmp_path, **shape)
    assert "a.json (shape 1" in str(caught.value) and named in str(caught.value)


def test_labelme_s_images_are_found_by_other_people_s_paths(tmp_path: Path) -> None:
    document = labelme_document(IMAGE) | {"imagePath": r"..\pictures\a.jpg", "imageHeight": None}
    IMAGE.save(tmp_path / "pictures")
    write(tmp_path / "labels" / "x.json", document)
    data = opened(tmp_path)
    assert data.file_names.tolist() == ["pictures/a.jpg"] and data.sizes.tolist() == [[50, 60]]


def test_an_image_without_its_label_and_a_label_without_its_image(tmp_path: Path) -> None:
    for image in draw(4, 0):
        image.save(tmp_path)
        write(tmp_path / f"{image.name[:-4]}.json", labelme_document(image))
    (tmp_path / "frame 00.json").unlink()
    lines: list[str] = []
    assert len(opened(tmp_path, lines=lines, val_share=0)) == 3
    assert any("images without labels are left out: 1: frame 00.jpg" in line for line in lines)
    (tmp_path / "frame 01.jpg").unlink()
    with pytest.raises(UserError, match=r"1 of 3 images .*frame 01\.jpg"):
        opened(tmp_path, val_share=0)
    write(tmp_path / "frame 02.json", '{"imagePath": "a", "shapes": [')
    with pytest.raises(UserError, match=r"not JSON.*frame 02\.json"):
        opened(tmp_path)


def test_coco_is_read_as_by_coco_json(tmp_path: Path) -> None:
    write_coco(tmp_path, draw(8, 2))
    file = tmp_path / "annotations" / "instances_Train.json"
    document = json.loads(file.read_text())
    document["annotations"][0] |= {"iscrowd": 1, "area": 12.5}
    document["images"][1]["id"] = 77
    for entry in document["annotations"]:
        entry["image_id"] = 77 if entry["image_id"] == 2 else entry["image_id"]
    write(file, document)
    found, want = opened(tmp_path), load_coco(file, tmp_path / "images" / "Train")
    assert found.categories == want.categories
    for name in ("image_ids", "sizes", "starts", "boxes", "category_ids", "crowd", "areas"):
        assert getattr(found, name).tolist() == getattr(want, name).tolist()


def test_one_coco_file_without_splits(tmp_path: Path) -> None:
    drawn = draw(10, 0)
    write(tmp_path / "result.json", coco_document(drawn, "C:\\me\\images\\"))
    for image in drawn:
        image.save(tmp_path / "images")
    lines: list[str] = []
    assert len(opened(tmp_path, "train", lines)) == 8 and len(opened(tmp_path, "val")) == 2
    assert "dataset.val_share=0.2" in lines[0] and "result.json" in lines[0]
    assert any("another folder" in line and ": 10, in images/frame 00.jpg" in line for line in lines)


def test_mistakes_of_a_coco_file_are_those_of_coco_json(tmp_path: Path) -> None:
    write_roboflow(tmp_path, draw(8, 2))
    file = tmp_path / "valid" / "_annotations.coco.json"
    document = json.loads(file.read_text())
    document["annotations"][0] |= {"category_id": 9}
    write(file, document)
    with pytest.raises(UserError, match=r"valid/_annotations\.coco\.json: .*unknown category id: 9"):
        opened(tmp_path)
    document["annotations"][0] |= {"category_id": 1}
    document["categories"].append({"id": 9, "name": "cow"})
    write(file, document)
    with pytest.raises(UserError, match="do not list the same categories: cow"):
        opened(tmp_path)


def test_an_image_in_two_files(tmp_path: Path) -> None:
    drawn = draw(4, 0)
    for image in drawn:
        image.save(tmp_path)
    write(tmp_path / "a.json", coco_document(drawn))
    write(tmp_path / "b.json", coco_document(drawn[:1]))
    with pytest.raises(UserError, match=r"two places.*frame 00\.jpg"):
        opened(tmp_path)
