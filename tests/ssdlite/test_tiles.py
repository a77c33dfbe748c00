"""A large picture with small objects: with tiles a detector finds at least twice as many."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from PIL import Image

from mnv3.ssdlite.predict import open_weights
from mnv3.tools.export.checking import pairwise_overlaps
from mnv3.tools.predict.predictor import Boxes
from mnv3.tools.predict.tiles.predictor import TiledPredictor

SIZE = (3000, 4000)
OBJECTS = 60
CELL = 375
THRESHOLD = 0.3


class Thing(NamedTuple):
    """An object of COCO: its image, box x, y, width, height, and category."""

    file: Path
    box: list[float]
    category: int


def things(sample: Path) -> Iterator[Thing]:
    """Yield the objects of COCO's sample that are at least 96 x 96 pixels."""
    for split in ("val2017", "train2017"):
        content = json.loads((sample / "annotations" / f"instances_{split}.json").read_text())
        names = {image["id"]: image["file_name"] for image in content["images"]}
        for entry in content["annotations"]:
            if not entry["iscrowd"] and entry["area"] >= 96**2:
                yield Thing(sample / split / names[entry["image_id"]], entry["bbox"], entry["category_id"])


def drawn(sample: Path, side: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return a picture with OBJECTS things whose longer side is `side`, each with a margin of a quarter around it, and
    their boxes and categories."""
    rng, every = np.random.default_rng(0), [*things(sample)]
    picture = Image.new("RGB", (SIZE[1], SIZE[0]), (120, 120, 120))
    boxes, categories = [], []
    cells = rng.permutation(80)[:OBJECTS]
    for number, cell in zip(rng.permutation(len(every))[:OBJECTS], cells.tolist(), strict=True):
        file, (x, y, width, height), category = every[number]
        image = Image.open(file).convert("RGB")
        margin, scale = max(width, height) / 4, side / max(width, height)
        window = [x - margin, y - margin, x + width + margin, y + height + margin]
        window = np.clip(window, 0, [image.width, image.height] * 2).round().astype(int).tolist()
        size = (round((window[2] - window[0]) * scale), round((window[3] - window[1]) * scale))
        left = 400 * (cell % 10) + int(rng.integers(0, 400 - size[0]))
        top = CELL * (cell // 10) + int(rng.integers(0, CELL - size[1]))
        picture.paste(image.crop(window).resize(size, Image.Resampling.LANCZOS), (left, top))
        corners = np.array([x, y, x + width, y + height]) - np.array(window[:2] * 2)
        boxes.append(corners * scale + np.array([left, top] * 2))
        categories.append(category)
    return np.array(picture), np.array(boxes), np.array(categories)


def recall(found: Boxes, boxes: np.ndarray, categories: np.ndarray) -> int:
    """Count the objects with a box of their class that overlaps by a half."""
    kept = found.scores >= THRESHOLD
    hits = (pairwise_overlaps(boxes, found.boxes[kept]) >= 0.5) & (categories[:, None] == found.classes[kept][None])
    return int(hits.any(1).sum())


@pytest.mark.parametrize("side, least", [(100, 15), (160, 25), (240, 30)])
def test_at_least_twice_as_many_small_objects(test_data: Path, side: int, least: int) -> None:
    predictor = open_weights(str(test_data / "elsewhere" / "coco_ssd"), {}, least_score=THRESHOLD)
    picture, boxes, categories = drawn(test_data / "coco_sample", side)
    without = recall(predictor([picture])[0], boxes, categories)
    with_tiles = recall(TiledPredictor(predictor, "auto", 4)([picture])[0], boxes, categories)
    print(f"{side} px: {without} of {OBJECTS} without tiles, {with_tiles} with")
    assert with_tiles >= max(least, 2 * without)
