"""COCO's label files: drawn once, in the cache, again for another JSON."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from omegaconf import OmegaConf
from PIL import Image

from mnv3.lraspp.data.check import check
from mnv3.lraspp.data.coco import place as module
from mnv3.lraspp.data.coco.classes import CATEGORIES
from mnv3.lraspp.data.frames import FrameData
from mnv3.lraspp.data.sets import cache_copies, open_dataset
from mnv3.tools.errors import Absent, UserError
from tests.lraspp.data.files import label_of, section, silent, values_of

DATASET = OmegaConf.create({"name": "coco", "class_slots": "category_id", "max_boxes": 100})
BIG, SMALL = [[5, 5, 45, 5, 45, 35, 5, 35]], [[5, 5, 15, 5, 15, 15, 5, 15]]
RABBIT = 90
"""An id that VOC's classes do not have."""


class Coco:
    """A data root with a COCO of 4 images a split; `document` may be changed before `write`."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.document: dict[str, Any] = {
            "images": [{"id": i, "file_name": f"00{i}.jpg", "height": 40, "width": 60} for i in (4, 3, 2, 1)],
            "categories": [{"id": n, "name": name} for n, name in {**CATEGORIES, RABBIT: "toothbrush"}.items()],
            "annotations": [
                {"id": 1, "image_id": 1, "category_id": 18, "area": 1200, "iscrowd": 0, "segmentation": BIG},
                {"id": 2, "image_id": 2, "category_id": RABBIT, "area": 1200, "iscrowd": 0, "segmentation": BIG},
                {"id": 3, "image_id": 3, "category_id": 1, "area": 100, "iscrowd": 0, "segmentation": SMALL},
                {"id": 4, "image_id": 3, "category_id": 1, "area": 900, "iscrowd": 0, "segmentation": SMALL},
            ],
        }

    def json(self, split: str) -> Path:
        return self.root / "coco" / "annotations" / f"instances_{split}2017.json"

    def write(self, *splits: str) -> None:
        for split in splits or ("train", "val"):
            self.json(split).parent.mkdir(parents=True, exist_ok=True)
            self.json(split).write_text(json.dumps(self.document))
            (self.root / "coco" / f"{split}2017").mkdir(exist_ok=True)
            for number in (1, 2, 3, 4):
                Image.new("RGB", (60, 40)).save(self.root / "coco" / f"{split}2017" / f"00{number}.jpg")

    def open(self, split: str = "val", log: Callable[[str], None] = silent, **keys: Any) -> FrameData:
        return open_dataset(DATASET, section(self.root, **keys), split, log)


@pytest.fixture
def coco(tmp_path: Path) -> Coco:
    return Coco(tmp_path)


def test_val_has_all_images_and_train_those_with_enough_of_voc_s_classes(coco: Coco) -> None:
    coco.write()
    assert [frame.name for frame in coco.open("val").frames] == ["001", "002", "003", "004"]
    lines: list[str] = []
    assert [frame.name for frame in coco.open("train", lines.append).frames] == ["001"]  # 1000 are not more than 1000
    assert any("1 of 4 images" in line for line in lines)
    for data, want in ((coco.open("val"), {0, 12}), (coco.open("train"), {0, 12})):
        assert set(np.unique(values_of(label_of(data, 0)))) == want
    overlap = values_of(label_of(coco.open("val"), 2))
    assert set(np.unique(overlap)) == {0, 255}


def test_label_files_are_drawn_once_and_the_place_is_told(coco: Coco) -> None:
    coco.write()
    lines: list[str] = []
    label = label_of(coco.open("val", lines.append), 0)
    assert label.parent == coco.root / "cache" / "coco" / "labels" / "val"
    assert any(str(label.parent) in line and "MB" in line for line in lines)
    before = label.stat().st_mtime_ns
    lines.clear()
    assert label_of(coco.open("val", lines.append), 0).stat().st_mtime_ns == before and len(lines) == 1


def test_another_cache(coco: Coco, tmp_path: Path) -> None:
    coco.write()
    assert label_of(coco.open(cache=tmp_path / "fast"), 0).is_relative_to(tmp_path / "fast")
    assert not (tmp_path / "cache").exists()


def test_a_cache_that_cannot_be_written_is_told_with_the_key(coco: Coco) -> None:
    coco.write()
    (coco.root / "cache").write_text("a file")
    with pytest.raises(UserError, match=r"cache.*data\.cache=DIR"):
        coco.open()


def test_another_json_or_a_missing_file_draws_again(coco: Coco) -> None:
    coco.write()
    label = label_of(coco.open(), 0)
    coco.document["annotations"][0]["category_id"] = 17
    coco.write()
    assert set(np.unique(values_of(label_of(coco.open(), 0)))) == {0, 8}
    label.unlink()
    assert label_of(coco.open(), 0).is_file()
    os.utime(coco.json("val"))
    lines: list[str] = []
    coco.open("val", lines.append)
    assert len(lines) > 1
    (label.parent / module.STAMP).write_text("[]")
    coco.open("val", lines.append)


def test_an_interrupted_call_leaves_nothing_that_counts(coco: Coco, monkeypatch: pytest.MonkeyPatch) -> None:
    coco.write()
    label = label_of(coco.open(), 0)

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    os.utime(coco.json("val"))
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(module, "map_tasks", interrupted)
        coco.open()
    assert not (label.parent / module.STAMP).exists() and label_of(coco.open(), 0).is_file()


def test_several_processes_draw_the_same(coco: Coco, monkeypatch: pytest.MonkeyPatch) -> None:
    coco.write()
    alone = label_of(coco.open(), 0).read_bytes()
    monkeypatch.setattr(module, "FEWEST_A_PROCESS", 2)
    os.utime(coco.json("val"))
    assert label_of(coco.open(), 0).read_bytes() == alone


def test_checks_and_decoded_copies_work_as_for_other_frames(coco: Coco, tmp_path: Path) -> None:
    coco.write()
    assert check(DATASET, section(coco.root), None, tmp_path / "out") == []
    findings = json.loads((tmp_path / "out" / "val.json").read_text())
    assert findings["frames"] == 4 and findings["pixels_by_class"]["dog"] > 1000 and findings["ignored_pixels"] > 50
    assert cache_copies(DATASET, section(coco.root), "val", remove=False) == []
    assert all(frame.cached for frame in coco.open().frames)
    assert cache_copies(DATASET, section(coco.root), "val", remove=True) == []
    lines: list[str] = []
    coco.open("val", lines.append)
    assert len(lines) == 1  # the label files remain


def test_missing_images_are_refused_or_left_out(coco: Coco) -> None:
    coco.write()
    (coco.root / "coco" / "val2017" / "002.jpg").unlink()
    with pytest.raises(UserError, match=r"002.*\n.*on_error=skip"):
        coco.open()
    assert len(coco.open(on_error="skip")) == 3


def test_what_is_not_there(coco: Coco) -> None:
    with pytest.raises(Absent, match="mnv3 data get coco"):
        coco.open()
    coco.write("val")
    with pytest.raises(UserError, match="no split 'test'; it has train, val"):
        coco.open("test")


def edit(part: str, place: int, **changes: Any) -> Callable[[dict[str, Any]], None]:
    return lambda document: document[part][place].update(changes)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (edit("annotations", 0, segmentation=[[1, 2, 3]]), ["001", "polygon"]),
        (edit("annotations", 0, segmentation={"size": [9, 9], "counts": [81]}), ["001", "run lengths"]),
        (edit("annotations", 0, segmentation=None), ["segmentation", "place 0"]),
        (edit("annotations", 3, area="x"), ["area", "place 3"]),
        (edit("annotations", 0, image_id=77), ["image_id", "place 0"]),
        (edit("annotations", 0, image_id=[1]), ["image_id", "place 0"]),
        (edit("annotations", 0, category_id={}), ["ids", "place 0"]),
        (edit("images", 1, file_name="../../evil.jpg"), ["file_name", "place 1"]),
        (edit("images", 1, file_name="/tmp/evil.jpg"), ["file_name", "place 1"]),
        (edit("images", 1, file_name="004.png"), ["listed twice: 004"]),
        (edit("images", 1, height=0), ["height", "place 1"]),
        (edit("images", 1, width=10**9), ["width", "place 1"]),
        (lambda document: document["images"].append({**document["images"][0], "file_name": "5.jpg"}), ["twice: 4"]),
        (edit("categories", 0, name="cell"), ["5 is cell, not airplane"]),
        (edit("categories", 0, id=99), ["5 is missing, not airplane"]),
        (lambda document: document.pop("annotations"), ["annotations"]),
        (lambda document: document["images"].append(3), ["place 4"]),
        (lambda document: document["annotations"].append([]), ["place 4"]),
    ],
)
def test_mistakes_in_the_json(coco: Coco, change: Callable, words: list[str]) -> None:
    change(coco.document)
    coco.write()
    with pytest.raises(UserError) as caught:
        coco.open()
    assert str(coco.json("val")) in str(caught.value) and all(word in str(caught.value) for word in words)
    assert not list(coco.root.rglob(module.STAMP)) and not list(coco.root.rglob("evil*"))


@pytest.mark.parametrize(
    "content", ["", "{", "[]", "[" * 100_000, '{"images": 3, "annotations": [], "categories": []}']
)
def test_files_that_are_no_coco(coco: Coco, content: str) -> None:
    coco.write()
    coco.json("val").write_text(content)
    with pytest.raises(UserError, match="instances_val2017"):
        coco.open()
