"""Models in Python: the same results as `mnv3 predict`, for every kind of source."""

import json
import logging
import sys
import types
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from pycocotools import mask as masks

import mnv3
from mnv3.tools.drawing.paint import paint_boxes
from mnv3.tools.images.read import read_pixels

Call = Callable[..., int]
SOURCES = ("streets", "small.onnx")


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("threshold", [None, 0.05])
def test_detections_equal_those_of_the_command(
    source: str, threshold: float | None, place: Path, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(place)
    key = "model" if source.endswith(".onnx") else "run"
    more = [] if threshold is None else [f"predict.threshold={threshold}"]
    assert call("predict", "images", f"{key}={source}", "predict.out=found", "predict.draw=false", *more) == 0
    wanted = json.loads(Path("found/detections.json").read_text())
    found = mnv3.load(source).predict("images", threshold)
    assert [str(each.picture.source) for each in found] == [image["file_name"] for image in wanted["images"]]
    rows = [row for number, each in enumerate(found, 1) for row in each.to_coco(number)]
    assert rows == wanted["annotations"] and len(rows) > 20
    assert all(each.boxes.dtype == each.scores.dtype == np.float32 for each in found)
    assert all(each.boxes.shape == (len(each), 4) and len(each.classes) == len(each) for each in found)


@pytest.mark.parametrize("source", SOURCES)
def test_tiles_equal_those_of_the_command(
    source: str, place: Path, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(place)
    key = "model" if source.endswith(".onnx") else "run"
    more = ["predict.threshold=0.05", "predict.tiles=3", "predict.draw=false", f"predict.out=tiled-{key}"]
    assert call("predict", "images", f"{key}={source}", *more) == 0
    wanted = json.loads(Path(f"tiled-{key}/detections.json").read_text())
    model = mnv3.load(source)
    found = model.predict("images", 0.05, tiles=3)
    assert len(model.predict("images", 0.05, tiles=np.int64(3))[0]) == len(found[0])  # type: ignore[arg-type]
    rows = [row for number, each in enumerate(found, 1) for row in each.to_coco(number)]
    assert rows == wanted["annotations"] and len(rows) > 20
    assert rows != [row for number, each in enumerate(model.predict("images", 0.05), 1) for row in each.to_coco(number)]


def test_mistakes_with_tiles(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(place)
    tiles: Any
    for tiles in (1, "many", 2.5, False):
        with pytest.raises(ValueError, match="tiles="):
            mnv3.load("streets").predict("photo.jpg", tiles=tiles)
    with pytest.raises(ValueError, match="boxes"):
        mnv3.load("masks").predict("photo.jpg", tiles="auto")


def test_label_maps_equal_those_of_the_command(place: Path, call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(place)
    for source, key in (("masks", "run"), ("masks.onnx", "model")):
        assert call("predict", "images", f"{key}={source}", f"predict.out=found-{key}", "predict.draw=false") == 0
        for each in mnv3.load(source).predict("images"):
            assert each.picture.source is not None
            wanted = np.array(Image.open(f"found-{key}/labels/{each.picture.source.stem}.png"))
            ids = np.vectorize(each.ids.__getitem__)(each.labels)
            np.testing.assert_array_equal(ids, wanted)


def test_every_kind_of_image_gives_the_same(place: Path) -> None:
    model = mnv3.load("runs/ssdlite/streets")
    pixels = read_pixels("photo.jpg")
    kinds: list[Any] = [
        "photo.jpg",
        Path("photo.jpg"),
        pixels,
        Image.fromarray(pixels),
        torch.from_numpy(pixels).permute(2, 0, 1),
        np.asfortranarray(pixels),
        pixels[:, :, ::-1][:, :, ::-1],
    ]
    frozen = pixels.copy()
    frozen.flags.writeable = False
    wanted = model.predict("photo.jpg", threshold=0.05)
    assert len(wanted) > 5
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = [model.predict(kind, threshold=0.05) for kind in (*kinds, frozen)]
        listed = model.predict(kinds, threshold=0.05, batch=1)
    for each in (*found, *listed):
        for name in ("boxes", "scores", "classes"):
            np.testing.assert_array_equal(getattr(each, name), getattr(wanted, name))
    assert mnv3.load("small.onnx").predict([]) == []


def test_a_list_keeps_its_order_and_repetitions(place: Path) -> None:
    model = mnv3.load("small.onnx")
    alone = {name: model.predict(name, threshold=0.05) for name in ("images/1.jpg", "images/4.jpg")}
    names = ["images/4.jpg", "images/1.jpg", "images/4.jpg"]
    found = model.predict([names[0], read_pixels(names[1]), names[2]], threshold=0.05)
    for name, each in zip(names, found, strict=True):
        np.testing.assert_array_equal(each.classes, alone[name].classes)
    assert isinstance(model.predict("images/0*.jpg"), list)


def test_a_video_is_read_as_its_results_are_taken(place: Path) -> None:
    model = mnv3.load("streets")
    found = model.predict("clip.mp4", threshold=0.05, batch=2)
    assert isinstance(found, Iterator)
    results = list(found)
    assert [each.picture.frame for each in results] == list(range(5))
    assert results[3].draw().size == (160, 120) and str(results[3]).endswith("in clip.mp4, frame 3>")
    first = next(iter(model.predict("clip.mp4", threshold=0.05)))
    np.testing.assert_array_equal(first.classes, results[0].classes)


def test_drawings_and_notebooks(place: Path) -> None:
    found = mnv3.load("small.onnx").predict("photo.jpg", threshold=0.05)
    wanted = Image.open("photo.jpg")
    names = [found.names[number] for number in found.classes.tolist()]
    texts = [f"{name} {score:.2f}" for name, score in zip(names, found.scores, strict=True)]
    paint_boxes(wanted, found.boxes.tolist(), texts, [found.colours[number] for number in found.classes.tolist()])
    np.testing.assert_array_equal(np.asarray(found.draw()), np.asarray(wanted))
    big = mnv3.load("masks.onnx").predict(np.zeros((1200, 2400, 3), np.uint8))
    Path("shown.png").write_bytes(big._repr_png_())
    assert max(Image.open("shown.png").size) == 1000 and big.draw().width == 2400


def test_coco_masks(place: Path) -> None:
    found = mnv3.load("masks.onnx").predict("photo.jpg")
    again = np.zeros_like(found.labels)
    numbers = {identity: number for number, identity in found.ids.items()}
    for row in json.loads(json.dumps(found.to_coco(image_id=3))):
        assert row["image_id"] == 3
        again[masks.decode(row["segmentation"]).astype(bool)] = numbers[row["category_id"]]
    np.testing.assert_array_equal(again, found.labels)


def test_supervision(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    detector, segmenter = mnv3.load("small.onnx"), mnv3.load("masks.onnx")
    boxes, labels = detector.predict("photo.jpg", threshold=0.05), segmenter.predict("photo.jpg")
    monkeypatch.setitem(sys.modules, "supervision", None)
    with pytest.raises(mnv3.UserError, match=r"mnv3\[supervision\]"):
        boxes.to_supervision()
    fake = types.ModuleType("supervision")
    fake.Detections = lambda **given: given  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "supervision", fake)
    given = boxes.to_supervision()
    assert given["xyxy"] is boxes.boxes and given["data"]["class_name"][0] == boxes.names[boxes.classes[0]]
    given = labels.to_supervision()
    assert given["mask"].shape == (len(given["class_id"]), *labels.labels.shape)
    left, top, right, bottom = given["xyxy"][0].astype(int)
    assert given["mask"][0][top:bottom, left:right].sum() == given["mask"][0].sum() > 0


PIXELS = np.zeros((9, 12, 3), np.uint8)
MISTAKES: tuple[tuple[Any, dict[str, Any], str], ...] = (
    ("nothere.jpg", {}, "nothere.jpg"),
    (["photo.jpg", "nothere.jpg"], {}, "nothere.jpg"),
    (["images"], {}, "images: a list may hold"),
    (["clip.mp4"], {}, "clip.mp4: a list may hold"),
    (["photo.jpg", 5], {}, "image 1 of the list.*int"),
    (5, {}, "predict on int"),
    (PIXELS[..., 0], {}, r"\[9, 12\]"),
    (PIXELS.transpose(2, 0, 1), {}, r"\[3, 9, 12\]"),
    (PIXELS[None], {}, "list"),
    (PIXELS[:0], {}, r"\[0, 12, 3\]"),
    (PIXELS.astype(np.float32), {}, "float32"),
    (torch.zeros(9, 12, 3, dtype=torch.uint8), {}, r"\[9, 12, 3\]"),
    (PIXELS, {"threshold": 1.5, "batch": 0}, r"(?s)threshold=1.5.*batch=0"),
    ("empty.jpg", {}, "empty.jpg is empty"),
    (["photo.jpg", "empty.jpg"], {}, "empty.jpg is empty"),
    ("mixed", {}, "clip.mp4"),
)


def test_mistakes_are_value_errors(place: Path) -> None:
    Path("empty.jpg").touch()
    Path("mixed").mkdir()
    for name in ("photo.jpg", "clip.mp4"):
        Path("mixed", name).symlink_to(place / name)
    model = mnv3.load("small.onnx")
    for source, given, pattern in MISTAKES:
        with pytest.raises(ValueError, match=pattern):
            model.predict(source, **given)


def test_what_is_left_out_is_reported(place: Path, caplog: pytest.LogCaptureFixture) -> None:
    Path("images/empty.jpg").touch()
    with caplog.at_level(logging.WARNING, "mnv3"):
        assert len(mnv3.load("small.onnx").predict("images")) == 5
        assert "empty.jpg is empty" in caplog.text
        mnv3.load("masks.onnx").predict("photo.jpg", threshold=0.5)
        assert "threshold has no effect" in caplog.text
        turned = Image.open("photo.jpg")
        turned.getexif()[0x0112] = 6
        assert mnv3.load("masks.onnx").predict(turned).labels.shape == (120, 160)
        assert "rotated" in caplog.text
