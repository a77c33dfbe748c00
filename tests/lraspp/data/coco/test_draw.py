"""Label maps of COCO's objects, beside torchvision's own way to make them."""

import copy
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from omegaconf import OmegaConf
from PIL import Image
from pycocotools import mask as coco_mask
from pycocotools.coco import COCO

from mnv3.lraspp.data.classes import VOC
from mnv3.lraspp.data.coco.classes import CATEGORIES
from mnv3.lraspp.data.coco.draw import label_map
from mnv3.lraspp.data.coco.outlines import Outlined
from mnv3.lraspp.data.sets import open_dataset
from tests.lraspp.data.files import section, silent, values_of

CAT_LIST = [0, 5, 2, 16, 9, 44, 6, 3, 17, 62, 21, 67, 18, 19, 4, 1, 64, 20, 63, 7, 72]
"""torchvision's: the category of each of VOC's classes."""


def by_torchvision(annotations: Sequence[Any], height: int, width: int) -> np.ndarray:
    """What references/segmentation makes of an image's annotations, by its steps: keep, renumber, draw, merge."""
    kept = copy.deepcopy([entry for entry in annotations if entry["category_id"] in CAT_LIST])
    if not kept:
        return np.zeros((height, width), np.uint8)
    classes = torch.tensor([CAT_LIST.index(entry["category_id"]) for entry in kept], dtype=torch.uint8)
    masks = []
    for entry in kept:
        decoded = coco_mask.decode(coco_mask.frPyObjects(entry["segmentation"], height, width))
        decoded = decoded if decoded.ndim == 3 else decoded[..., None]
        masks.append(torch.as_tensor(decoded, dtype=torch.uint8).any(dim=2))
    stack = torch.stack(masks)
    target, _ = (stack * classes[:, None, None]).max(dim=0)
    target[stack.sum(0) > 1] = 255
    return target.numpy()


def counts_for_training(annotations: Sequence[Any]) -> bool:
    kept = [entry for entry in annotations if entry["category_id"] in CAT_LIST]
    return len(kept) > 0 and sum(entry["area"] for entry in kept) > 1000


@pytest.mark.parametrize("split", ["train", "val"])
def test_real_images_pixel_for_pixel(test_data: Path, tmp_path: Path, split: str) -> None:
    home = test_data / "coco_sample"
    data = open_dataset(OmegaConf.create({"name": "coco"}), section(home, cache=tmp_path), split, silent)
    theirs = COCO(str(home / "annotations" / f"instances_{split}2017.json"))
    by_name = {Path(image["file_name"]).stem: image for image in theirs.imgs.values()}
    annotations = {
        name: theirs.loadAnns(theirs.getAnnIds(imgIds=image["id"], iscrowd=None)) for name, image in by_name.items()
    }
    wanted = [name for name in sorted(by_name) if split == "val" or counts_for_training(annotations[name])]
    assert [frame.name for frame in data.frames] == wanted and data.classes == VOC
    assert len(wanted) == len(by_name) if split == "val" else len(wanted) < len(by_name)
    crowds = overlaps = 0
    for frame in data.frames:
        assert frame.label is not None
        with Image.open(frame.image) as image:
            want = by_torchvision(annotations[frame.name], image.height, image.width)
        assert (values_of(frame.label) == want).all(), frame.name
        crowds += sum(entry["iscrowd"] for entry in annotations[frame.name] if entry["category_id"] in CAT_LIST)
        overlaps += bool((want == 255).any())
    assert crowds and overlaps


def test_the_table_is_torchvision_s(test_data: Path) -> None:
    assert [0, *CATEGORIES] == CAT_LIST
    document = json.loads((test_data / "coco_sample" / "annotations" / "instances_val2017.json").read_text())
    names = {entry["id"]: entry["name"] for entry in document["categories"]}
    assert {number: names[number] for number in CATEGORIES} == CATEGORIES


SQUARE = [[2, 2, 12, 2, 12, 12, 2, 12]]


def drawn(*outlines: Any) -> np.ndarray:
    return label_map(Outlined("a.jpg", (20, 30), tuple((index, outline) for index, outline in enumerate(outlines, 1))))


def test_polygons_and_run_lengths() -> None:
    assert drawn().tolist() == [[0] * 30] * 20
    square = drawn(SQUARE)
    assert (square[3:11, 3:11] == 1).all() and 81 <= (square == 1).sum() <= 121
    runs = {"size": [20, 30], "counts": [45, 10, 545]}
    column = drawn(runs)
    assert column.sum() == 10 and (column[5:15, 2] == 1).all()
    both = drawn(SQUARE, [[10, 10, 20, 10, 20, 18, 10, 18]])
    assert set(np.unique(both)) == {0, 1, 2, 255} and both[11, 11] == 255
    assert (drawn([*SQUARE, [15, 2, 25, 2, 25, 12, 15, 12]])[5, [5, 20]] == 1).all()


def test_more_objects_than_a_byte_counts() -> None:
    image = Outlined("a.jpg", (20, 30), tuple((15, SQUARE) for _ in range(257)))
    assert label_map(image)[5, 5] == 255


@pytest.mark.parametrize(
    "outline",
    [
        [],
        {},
        [[1, 2, 3]],
        [[1, 2]],
        [[1, 2, 3, 4, 5]],
        [[1, 2, 3, 4, 5, "6"]],
        [[1, 2, 3, 4, 5, float("nan")]],
        [[1, 2, 3, 4, 5, 1e9]],
        [[1, 2, 3, 4], [1, 2, 3, 4, 5, 6]],
        [1, 2, 3, 4, 5, 6],
        {"size": [20, 30], "counts": [600, 1]},
        {"size": [20, 30], "counts": [-1, 601]},
        {"size": [30, 20], "counts": [600]},
        {"size": [20, 30], "counts": [True] * 600},
        {"size": [20, 30], "counts": "PPYo1"},
    ],
    ids=str,
)
def test_outlines_that_cannot_be_drawn(outline: Any) -> None:
    with pytest.raises(ValueError):
        drawn(outline)
