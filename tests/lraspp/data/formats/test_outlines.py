"""LabelMe and COCO: painted as their own tools do, and what is refused."""

import base64
import io
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw
from pycocotools import mask as coco_mask

from mnv3.lraspp.data.frames import IGNORE
from mnv3.tools.errors import UserError
from tests.lraspp.data.formats.opening import classes_of, opened
from tests.mask_files import coco_document, draw, labelme_document, write, write_coco, write_labelme

DRAWN = draw(6, 2)


def problems(folder: Path, split: str = "train", **keys: Any) -> str:
    with pytest.raises(UserError) as caught:
        opened(folder, split, **keys)
    return "\n".join(caught.value.problems)


def labelme(folder: Path, *shapes: dict[str, Any], size: tuple[int, int] = (80, 100)) -> np.ndarray:
    """The classes of an image with these shapes, and of another one with a leaf."""
    leaf = {"label": "leaf", "shape_type": "rectangle", "points": [[1, 1], [3, 3]]}
    for name, own in (("a", shapes), ("b", (leaf,))):
        folder.mkdir(exist_ok=True)
        Image.new("RGB", (size[1], size[0])).save(folder / f"{name}.png")
        about = {"imagePath": f"{name}.png", "imageHeight": size[0], "imageWidth": size[1]}
        write(folder / f"{name}.json", {"shapes": list(own), **about})
    found = {split: classes_of(opened(folder, split, val_share=0.5)) for split in ("train", "val")}
    return (found["train"] | found["val"])["a"]


def by_labelme(kind: str, points: list[tuple[float, float]], size: tuple[int, int]) -> np.ndarray:
    """labelme.utils.shape_to_mask of LabelMe 5.4, without its other shapes."""
    mask = Image.fromarray(np.zeros(size, dtype=np.uint8))
    pen = ImageDraw.Draw(mask)
    if kind == "circle":
        (cx, cy), (px, py) = points
        d = math.sqrt((cx - px) ** 2 + (cy - py) ** 2)
        pen.ellipse([cx - d, cy - d, cx + d, cy + d], outline=1, fill=1)
    elif kind == "rectangle":
        pen.rectangle(points, outline=1, fill=1)  # type: ignore[arg-type]
    else:
        pen.polygon(xy=points, outline=1, fill=1)
    return np.array(mask, dtype=bool)


def test_shapes_are_painted_as_labelme_does(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    wanted, shapes = np.zeros((80, 100), np.uint8), []
    for place in range(12):
        kind = ("polygon", "circle", "rectangle")[place % 3]
        points = [tuple(map(float, p)) for p in rng.uniform(-10, 110, (5 if kind == "polygon" else 2, 2))]
        if kind == "rectangle":
            points = [tuple(np.min(points, axis=0).tolist()), tuple(np.max(points, axis=0).tolist())]
        wanted[by_labelme(kind, points, (80, 100))] = 1 + place % 2  # type: ignore[arg-type]
        label = ("leaf", "rot")[place % 2]
        shapes.append({"label": label, "shape_type": kind, "points": [list(p) for p in points]})
    assert (labelme(tmp_path / "a", *shapes) == wanted).all() and len(np.unique(wanted)) == 2


def test_masks_lines_and_ignored_shapes_of_labelme(tmp_path: Path) -> None:
    pixels = np.random.default_rng(2).random((6, 9)) > 0.5
    png = io.BytesIO()
    Image.fromarray(pixels).save(png, "PNG")
    mask = {"label": "rot", "shape_type": "mask", "points": [[4.0, 7.0], [12.0, 12.0]]}
    mask["mask"] = base64.b64encode(png.getvalue()).decode()
    line = {"label": "leaf", "shape_type": "line", "points": [[0, 0], [50, 50]]}
    unsure = {"label": "__ignore__", "shape_type": "rectangle", "points": [[40, 40], [30, 50]]}
    wanted = np.zeros((80, 100), np.uint8)
    wanted[7:13, 4:13] = 2 * pixels
    wanted[40:51, 30:41] = IGNORE
    assert (labelme(tmp_path / "a", mask, line, unsure) == wanted).all()


@pytest.mark.parametrize(
    ("shape", "words"),
    [
        ({"label": "leaf", "points": [[1, 1], [2, 2]]}, "too few points"),
        ({"label": "", "points": [[1, 1], [2, 2], [3, 1]]}, "without a"),
        ({"label": "leaf", "points": [[1, 1], [2, None], [3, 1]]}, "pairs of numbers"),
        ({"label": "leaf", "points": [[1, 1], [2, 1e9], [3, 1]]}, "near the image"),
        ({"label": "leaf", "shape_type": "mask", "points": [[1, 1], [2, 2]], "mask": "?"}, "base64"),
        ({"label": "leaf", "shape_type": "mask", "points": [[1, 1], [2, 2]], "mask": "aaaa"}, "not a PNG"),
    ],
)
def test_damaged_shapes_are_refused(tmp_path: Path, shape: dict[str, Any], words: str) -> None:
    with pytest.raises(UserError, match=words) as caught:
        labelme(tmp_path / "a", shape)
    assert "a.json (shape 1" in str(caught.value)


def test_damaged_and_lost_files_of_labelme(tmp_path: Path) -> None:
    write_labelme(tmp_path / "a", DRAWN)
    (tmp_path / "a" / "train" / "frame 01.jpg").unlink()
    assert "1 label files have no image: train/frame 01.json" in problems(tmp_path / "a")
    document = labelme_document(DRAWN[0]) | {"imageHeight": 12}
    write(tmp_path / "a" / "train" / "frame 00.json", document)
    assert "another size" in problems(tmp_path / "a", on_error="skip")
    write(tmp_path / "a" / "train" / "frame 00.json", json.dumps(document) + '"shapes": [ "imagePath": }')
    assert "frame 00.json" in problems(tmp_path / "a", on_error="skip")


def test_names_of_labelmes_own_file(tmp_path: Path) -> None:
    write_labelme(tmp_path / "a", DRAWN)
    write(tmp_path / "a" / "labels.txt", "__ignore__\n_background_\nrot\nleaf\n")
    data = opened(tmp_path / "a")
    assert [entry.name for entry in data.classes] == ["_background_", "rot", "leaf"]
    swapped = np.array([0, 2, 1], np.uint8)
    assert (classes_of(data)["frame 00"] == swapped[DRAWN[0].ids]).all()
    write(tmp_path / "a" / "labels.txt", "rot\n")
    assert "labels.txt lacks classes" in problems(tmp_path / "a")


def coco(folder: Path, *outlines: tuple[int, Any], size: tuple[int, int] = (60, 90)) -> np.ndarray:
    """The classes of an image with these outlines."""
    for name in ("a", "b"):
        folder.mkdir(exist_ok=True)
        Image.new("RGB", (size[1], size[0])).save(folder / f"{name}.png")
    images = [{"id": i, "file_name": f"{name}.png", "height": size[0], "width": size[1]} for i, name in enumerate("ab")]
    categories = [{"id": 3, "name": "leaf"}, {"id": 7, "name": "rot"}]
    annotations = [
        {"id": i, "image_id": 0, "category_id": category, "segmentation": outline}
        for i, (category, outline) in enumerate(outlines)
    ]
    write(folder / "labels.json", {"images": images, "categories": categories, "annotations": annotations})
    found = {split: classes_of(opened(folder, split, val_share=0.5)) for split in ("train", "val")}
    return (found["train"] | found["val"])["a"]


def test_outlines_are_drawn_as_pycocotools_does(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    wanted, outlines = np.zeros((60, 90), np.uint8), []
    for place in range(9):
        polygons = rng.uniform(-5, 95, (2, 10)).round(2).tolist()
        encoded: Any = coco_mask.merge(coco_mask.frPyObjects(polygons, 60, 90))
        outline: Any = polygons
        if place % 3:
            outline = {"size": [60, 90], "counts": encoded["counts"].decode()}
        if place % 3 == 2:
            flat = coco_mask.decode(encoded).ravel(order="F")
            edges = np.flatnonzero(np.diff(np.concatenate([[0], flat]))).tolist()
            outline["counts"] = np.diff([0, *edges, len(flat)]).tolist()
        wanted[coco_mask.decode(encoded) > 0] = 1 + place % 2
        outlines.append(((3, 7)[place % 2], outline))
    assert (coco(tmp_path / "a", *outlines) == wanted).all() and len(np.unique(wanted)) == 3


@pytest.mark.parametrize(
    ("outline", "words"),
    [
        ([[1, 1, 2, 2, 3]], "at least 6"),
        ([[1, 1]], "at least 6"),
        ({"size": [60, 90], "counts": "zzz"}, "damaged|whole numbers"),
        ({"size": [60, 90], "counts": "é"}, "damaged"),
        ({"size": [60, 90], "counts": [1, 2]}, "sum"),
        ({"size": [1, 1], "counts": [1]}, "another size"),
        ("text", "polygon"),
    ],
)
def test_damaged_outlines_are_refused(tmp_path: Path, outline: Any, words: str) -> None:
    with pytest.raises(UserError, match=words) as caught:
        coco(tmp_path / "a", (3, outline))
    assert "a.png" in str(caught.value)


def test_damaged_coco_files(tmp_path: Path) -> None:
    write_coco(tmp_path / "a", DRAWN)
    file = tmp_path / "a" / "train" / "_annotations.coco.json"
    whole = coco_document([image for image in DRAWN if image.split == "train"], "C:\\data\\..\\..\\x\\")
    write(file, whole)
    assert len(opened(tmp_path / "a")) == 4  # other people's folders: found by the last part
    changes: list[tuple[str, int, dict[str, Any], str]] = [
        ("annotations", 0, {"image_id": 99}, "not listed"),
        ("annotations", 0, {"category_id": [1]}, "not listed"),
        ("images", 0, {"height": 0}, "height and width"),
        ("images", 0, {"height": 20}, "another size"),
        ("images", 0, {"id": 2}, "twice"),
        ("images", 0, {"file_name": "/etc/nothing.jpg"}, "not there"),
        ("categories", 0, {"name": "moss"}, "the same categories"),
        ("categories", 0, {"name": 3}, "id and a name"),
    ]
    for part, place, change, words in changes:
        document = json.loads(json.dumps(whole))
        document[part][place] |= change
        write(file, document)
        assert words in problems(tmp_path / "a"), change
    write(file, json.dumps(whole)[:-20])
    assert "cut short" in problems(tmp_path / "a")
    write_coco(tmp_path / "a", [image._replace(objects=()) for image in DRAWN])
    assert "boxes alone" in problems(tmp_path / "a")


def test_labels_that_change_are_drawn_again(tmp_path: Path) -> None:
    write_labelme(tmp_path / "a", DRAWN)
    lines: list[str] = []
    opened(tmp_path / "a", lines=lines)
    opened(tmp_path / "a", lines=lines)
    assert sum("Drawing" in line for line in lines) == 1
    kept = opened(tmp_path / "a")
    write(tmp_path / "a" / "train" / "frame 00.json", labelme_document(DRAWN[0]._replace(objects=())))
    assert not classes_of(opened(tmp_path / "a", lines=lines))["frame 00"].any()
    assert (classes_of(kept)["frame 00"] == DRAWN[0].ids).all(), "a run that goes on keeps its label files"
