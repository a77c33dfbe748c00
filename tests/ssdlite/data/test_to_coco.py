"""Boxes of any data set as COCO JSON, read by pycocotools."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from omegaconf import OmegaConf
from pycocotools.coco import COCO

from mnv3.ssdlite.data import to_coco
from mnv3.ssdlite.data.coco.annotations import CocoData
from mnv3.ssdlite.data.sets import open_dataset
from mnv3.tools.errors import UserError
from tests.box_files import NAMES, WRITERS, draw
from tests.ssdlite.data.conftest import Files
from tests.ssdlite.data.formats.opening import KEYS, opened
from tests.voc_files import write_voc

DRAWN = draw(12, 4)


def convert(dataset: dict[str, Any], out: Path, root: Path = Path("nowhere"), on_error: str = "raise") -> list[str]:
    """Convert all splits; return what is logged, and the last line."""
    lines: list[str] = []
    keys = OmegaConf.create({"class_slots": "contiguous", "max_boxes": 100, **dataset})
    data = OmegaConf.create({"root": str(root), "on_error": on_error})
    last = to_coco.convert(keys, data, None, out, lines.append)
    return [*lines, last]


def boxes_of(coco: COCO) -> dict[str, list[tuple[str, list[float]]]]:
    """Class and box of each object, by the name of its image."""
    return {
        image["file_name"]: [(coco.cats[entry["category_id"]]["name"], entry["bbox"]) for entry in coco.imgToAnns[key]]
        for key, image in coco.imgs.items()
    }


@pytest.mark.parametrize("name", WRITERS)
def test_pycocotools_reads_the_boxes_of_every_format(tmp_path: Path, name: str) -> None:
    WRITERS[name](tmp_path / "own", DRAWN)
    out = tmp_path / "out"
    last = convert({**KEYS, "name": "boxes", "path": str(tmp_path / "own")}, out)[-1]
    assert "train 8, val 4 images" in last and f"{sum(len(image.boxes) for image in DRAWN)} boxes of 3" in last
    for split in ("train", "val"):
        coco = COCO(str(out / split / "_annotations.coco.json"))
        assert [entry["name"] for entry in coco.cats.values()] == list(NAMES)
        found = boxes_of(coco)
        drawn = {image.name: image for image in DRAWN if image.split == split}
        assert found.keys() == drawn.keys()
        for file, image in drawn.items():
            assert [entry[0] for entry in found[file]] == [box[0] for box in image.boxes]
            for (_, box), (_, x, y, right, bottom) in zip(found[file], image.boxes, strict=True):
                np.testing.assert_allclose(box, [x, y, right - x, bottom - y], atol=0.01)
            source = next((tmp_path / "own").rglob(file))
            assert (out / split / file).read_bytes() == source.read_bytes()
    again = convert({**KEYS, "name": "boxes", "path": str(out)}, tmp_path / "again")[-1]
    assert again.replace("again", "out") == last


def test_crowds_areas_ids_and_images_without_boxes_stay(tmp_path: Path) -> None:
    files = Files(tmp_path)
    files.write()
    dataset = {"name": "coco_json", "val_json": str(files.json), "val_images": str(files.images)}
    dataset |= {"train_json": None, "train_images": None}
    convert(dataset, tmp_path / "out")
    found = json.loads((tmp_path / "out" / "val" / "_annotations.coco.json").read_text())
    assert found["images"] == files.document["images"]
    assert found["categories"] == sorted(files.document["categories"], key=lambda entry: int(entry["id"]))
    by_image = sorted(files.document["annotations"], key=lambda entry: int(entry["image_id"]))
    assert [{**entry, "id": 0} for entry in found["annotations"]] == [{**entry, "id": 0} for entry in by_image]


def test_voc_and_a_test_split_without_boxes(tmp_path: Path) -> None:
    write_voc(tmp_path / "VOC2012")
    lines = convert({"name": "voc"}, tmp_path / "out", tmp_path)
    coco = COCO(str(tmp_path / "out" / "train" / "_annotations.coco.json"))
    assert sorted(entry["iscrowd"] for entry in coco.anns.values()) == [0] * 6 + [1] * 3 and "difficult" in lines[-2]
    shutil.copytree(tmp_path / "out" / "val", tmp_path / "out" / "test")
    file = tmp_path / "out" / "test" / "_annotations.coco.json"
    document = json.loads(file.read_text())
    del document["annotations"]
    file.write_text(json.dumps(document))
    convert({**KEYS, "name": "boxes", "path": str(tmp_path / "out")}, tmp_path / "again")
    assert not opened(tmp_path / "again", "test").has_annotations


def test_images_that_cannot_be_read_are_refused_or_left_out(tmp_path: Path) -> None:
    WRITERS["COCO"](tmp_path / "own", DRAWN)
    image = next(path for path in (tmp_path / "own").rglob("*.jpg"))
    image.write_bytes(image.read_bytes()[:200])
    dataset = {**KEYS, "name": "boxes", "path": str(tmp_path / "own")}
    with pytest.raises(UserError, match=rf"1 of \d+ images cannot be read: .*{image.name}.*on_error=skip"):
        convert(dataset, tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["own"]
    lines = convert(dataset, tmp_path / "out", on_error="skip")
    assert any("left out" in line for line in lines)
    assert sum(len(opened(tmp_path / "out", split)) for split in ("train", "val")) == 11


def test_images_of_one_name_in_two_folders(tmp_path: Path) -> None:
    WRITERS["VOC"](tmp_path / "own" / "a", DRAWN[:3])
    WRITERS["VOC"](tmp_path / "own" / "b", DRAWN[:3])
    for place in ("a", "b"):
        shutil.rmtree(tmp_path / "own" / place / "ImageSets")
    lines = convert({**KEYS, "name": "boxes", "path": str(tmp_path / "own"), "val_share": 0}, tmp_path / "out")
    assert any("6 are renamed" in line for line in lines)
    names = {path.name for path in (tmp_path / "out" / "train").glob("*.jpg")}
    assert len(names) == 6 and "a-JPEGImages-frame 00.jpg" in names


@pytest.mark.parametrize("what", ["boxes", "image files"])
def test_a_difference_on_reading_back_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str) -> None:
    WRITERS["YOLO"](tmp_path / "own", DRAWN)
    write, right = to_coco.write_bytes, to_coco._document

    def shifted(found: CocoData, names: list[str]) -> Any:
        document = right(found, names)
        document["annotations"][0]["bbox"][0] += 0.02
        return document

    if what == "boxes":
        monkeypatch.setattr(to_coco, "_document", shifted)
    else:
        monkeypatch.setattr(to_coco, "write_bytes", lambda path, content: write(path, content + b"\0"))
    with pytest.raises(UserError, match=f"train: {what}"):
        convert({**KEYS, "name": "boxes", "path": str(tmp_path / "own")}, tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["own"]


def test_splits_of_other_classes_are_refused(tmp_path: Path) -> None:
    files = Files(tmp_path)
    files.write()
    files.document["categories"][0]["name"] = "lion"
    (tmp_path / "other.json").write_text(json.dumps(files.document))
    dataset = {"name": "coco_json", "val_json": str(files.json), "val_images": str(files.images)}
    dataset |= {"train_json": str(tmp_path / "other.json"), "train_images": str(files.images)}
    with pytest.raises(UserError, match="lion"):
        convert(dataset, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_streets_too(tmp_path: Path) -> None:
    size = {"seed": 0, "train": 1, "val": 1, "height": 64, "width": 96}
    dataset = {"name": "streets", "class_slots": "contiguous", "max_boxes": 100, **size}
    convert(dataset, tmp_path / "out", tmp_path)
    data = OmegaConf.create({"root": str(tmp_path), "on_error": "raise"})
    drawn = open_dataset(OmegaConf.create(dataset), data, "val", lambda line: None)
    assert np.array_equal(drawn.boxes, opened(tmp_path / "out", "val").boxes)
