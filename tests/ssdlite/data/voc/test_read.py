"""PASCAL VOC's boxes."""

from pathlib import Path

import numpy as np
import pytest
from omegaconf import OmegaConf
from PIL import Image

from mnv3.ssdlite.data.coco.annotations import CocoData
from mnv3.ssdlite.data.sets import open_dataset
from mnv3.ssdlite.evaluate.scorer import score_results
from mnv3.tools.data.voc import NAMES
from mnv3.tools.errors import UserError
from tests.voc_files import LISTS, SIZE, THINGS, Thing, annotation, write_voc


def opened(root: Path, split: str = "val", lines: list[str] | None = None, **keys: str) -> CocoData:
    data = OmegaConf.create({"root": str(root), "on_error": keys.pop("on_error", "raise")})
    dataset = OmegaConf.create({"name": "voc", "class_slots": "contiguous", "max_boxes": 100, **keys})
    return open_dataset(dataset, data, split, (lines if lines is not None else []).append)


def change(folder: Path, name: str, things: tuple[Thing, ...] = THINGS, **keys: tuple[object, object]) -> None:
    (folder / "Annotations" / f"{name}.xml").write_text(annotation(name, things, **keys))


@pytest.mark.parametrize("split", ["train", "val", "trainval"])
def test_boxes_and_classes(tmp_path: Path, split: str) -> None:
    write_voc(tmp_path / "VOCdevkit" / "VOC2012")
    lines: list[str] = []
    data = opened(tmp_path, split, lines)
    names = LISTS.get(split, (*LISTS["train"], *LISTS["val"]))
    assert data.file_names.tolist() == [f"{name}.jpg" for name in names]
    assert data.image_ids.tolist() == [int(name.replace("_", "")) for name in names]
    assert data.sizes.tolist() == [list(SIZE)] * len(names) and data.num_slots == 21
    assert [(entry.id, entry.name, entry.slot) for entry in data.categories] == [
        (number, name, number) for number, name in enumerate(NAMES, start=1)
    ]
    # xmin..xmax counted from 1, inclusive; of the person the whole, not the head
    assert data.boxes[:3].tolist() == [[10, 5, 20, 20], [30, 0, 30, 40], [0, 29, 20, 11]]
    assert data.areas[:3].tolist() == [400, 1200, 220]
    assert [NAMES[number - 1] for number in data.category_ids[:3]] == ["dog", "person", "sofa"]
    boxes, slots = data.training_boxes(0)
    assert boxes.tolist() == [[10, 5, 30, 25], [30, 0, 60, 40]] and slots.tolist() == [12, 15]
    difficult = [line for line in lines if "difficult" in line]
    assert len(difficult) == 1 and f"{len(names)} of {3 * len(names)} boxes" in difficult[0]


def test_slots_by_category_id(tmp_path: Path) -> None:
    write_voc(tmp_path)
    data = opened(tmp_path, class_slots="category_id")
    assert data.num_slots == 91 and data.slots[:3].tolist() == [12, 15, 18]


def test_difficult_objects_are_neither_missed_nor_false(tmp_path: Path) -> None:
    write_voc(tmp_path)
    data = opened(tmp_path)
    found = [
        {"image_id": int(owner), "category_id": int(category), "bbox": box, "score": 0.9}
        for owner, category, box in zip(
            np.repeat(data.image_ids, 3), data.category_ids, data.boxes.tolist(), strict=True
        )
    ]
    for results in (found, [result for result in found if result["category_id"] != 18]):
        scores = score_results(data, results)
        assert scores.stats["AP"] == pytest.approx(1) and np.isnan(scores.per_class["sofa"])


def test_the_test_split_has_images_alone(tmp_path: Path) -> None:
    folder = write_voc(tmp_path)
    (folder / "ImageSets" / "Main" / "test.txt").write_text("2010_000001\n2010_000002\n")
    with pytest.raises(UserError, match=r"2 of 2 images .*2010_000001"):
        opened(tmp_path, "test")
    for name in ("2010_000001", "2010_000002"):
        Image.new("RGB", (50, 30)).save(folder / "JPEGImages" / f"{name}.jpg")
    data = opened(tmp_path, "test")
    assert data.sizes.tolist() == [[30, 50]] * 2 and not data.has_annotations and not len(data.boxes)


def test_other_names_are_numbered(tmp_path: Path) -> None:
    write_voc(tmp_path, {"train": ("a",), "val": ("b", "c")})
    assert opened(tmp_path).image_ids.tolist() == [1, 2]


def test_missing_images_are_refused_or_told(tmp_path: Path) -> None:
    folder = write_voc(tmp_path)
    (folder / "JPEGImages" / "2009_000005.jpg").unlink()
    with pytest.raises(UserError, match=r"1 of 2 images .*2009_000005\.jpg.*on_error=skip"):
        opened(tmp_path)
    lines: list[str] = []
    assert len(opened(tmp_path, "val", lines, on_error="skip")) == 2 and "2009_000005" in lines[-1]


BOX = (5, 5, 9, 9)


@pytest.mark.parametrize(
    ("things", "word"),
    [
        ((Thing("rabbit", BOX),), "rabbit"),
        ((Thing("", BOX),), "no name"),
        ((Thing("dog", (5, 5, 90, 9)),), "outside"),
        ((Thing("dog", (70, 5, 90, 9)),), "outside"),
        ((Thing("dog", (-5, 5, 9, 9)),), "outside"),
        ((Thing("dog", (9, 5, 5, 9)),), "below"),
        ((Thing("dog", (float("nan"), 5, 9, 9)),), "numbers"),
        ((Thing("dog", (float("inf"), 5, 9, 9)),), "numbers"),
        ((Thing("dog", BOX, "yes"),), "difficult"),
    ],
)
def test_objects_with_mistakes(tmp_path: Path, things: tuple[Thing, ...], word: str) -> None:
    change(write_voc(tmp_path), "2009_000004", things)
    with pytest.raises(UserError) as caught:
        opened(tmp_path)
    (problem,) = caught.value.problems
    assert word in problem and "2009_000004" in problem and "2009_000005" not in problem


BOMB = """<?xml version="1.0"?>
<!DOCTYPE annotation [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>
<annotation><size><width>60</width><height>40</height></size><object><name>&b;</name></object></annotation>"""


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"", "not XML"),
        (annotation("x").encode()[:200], "not XML"),
        (b"<html/>", "<annotation>"),
        (b"\xff\xfe<\x00a\x00", "not UTF-8"),
        (BOMB.encode(), "document type"),
        (BOMB.encode("utf-16"), "not UTF-8"),
        (b'<!DOCTYPE annotation SYSTEM "http://127.0.0.1:9/x.dtd"><annotation/>', "document type"),
        (b"<annotation/>", "no height"),
        (annotation("x", size=(40, 0)).encode(), "width 0"),
        (annotation("x", size=("1e3", 60)).encode(), "height 1e3"),
        (b"<a>" * 100_000, "not XML"),
        (annotation("x").replace("<bndbox>", "<box>").replace("</bndbox>", "</box>").encode(), "bndbox"),
    ],
    ids=range(12),
)
def test_files_with_mistakes(tmp_path: Path, content: bytes, word: str) -> None:
    folder = write_voc(tmp_path)
    (folder / "Annotations" / "2009_000005.xml").write_bytes(content)
    with pytest.raises(UserError) as caught:
        opened(tmp_path, on_error="skip")
    (problem,) = caught.value.problems
    assert word in problem and "2009_000005" in problem and str(folder / "Annotations") in problem


def test_an_encoding_that_is_declared_is_that_of_the_file(tmp_path: Path) -> None:
    folder = write_voc(tmp_path)
    text = '<?xml version="1.0" encoding="ISO-8859-1"?>\n' + annotation("Düne")
    (folder / "Annotations" / "2009_000005.xml").write_text(text, encoding="utf-8")
    assert len(opened(tmp_path).boxes) == 6


def test_all_mistakes_are_told_together(tmp_path: Path) -> None:
    folder = write_voc(tmp_path)
    change(folder, "2007_000001", (Thing("rabbit", (50, 5, 90, 9)), Thing("dog", (50, 5, 90, 9)), Thing("hare", BOX)))
    (folder / "Annotations" / "2007_000002.xml").unlink()
    (folder / "Annotations" / "2008_000003.xml").write_text("<")
    (folder / "JPEGImages" / "2008_000003.jpg").unlink()
    with pytest.raises(UserError) as caught:
        opened(tmp_path, "train")
    text = "\n".join(caught.value.problems)
    for word in ("(rabbit)", "(hare)", "without an annotation file", "not XML", "not in JPEGImages", "outside"):
        assert word in text
    assert len(caught.value.problems) == 5
