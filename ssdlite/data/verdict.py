"""Checks that boxes can be trained on and scored, for `mnv3 data check` and `mnv3 train`."""

import numpy as np

from mnv3.ssdlite.data.coco.annotations import CocoData
from mnv3.ssdlite.data.dataset import SMALLEST
from mnv3.ssdlite.data.sizes import sides_in_input
from mnv3.tools.errors import UserError
from mnv3.tools.text.plain import listed

FEWEST = 100
"""Boxes of a split from which its score varies by chance by at most 0.05."""


def faults(data: CocoData, split: str) -> list[str]:
    """Return sentences on what in its JSON makes `split` unusable. Test splits need no boxes."""
    if split.startswith("test") or data.trainable.any():
        return []
    if not data.has_annotations:
        return [f'{split}: {data.source} has no "annotations", so no box to train on or to score.']
    crowds, count = int(data.crowd.sum()), len(data.boxes)
    why = (
        f" Of its {count} boxes {crowds} are crowds and {count - crowds} have no size inside their image."
        if count
        else ""
    )
    cure = ' Single objects have "iscrowd": 0.' if crowds else ""
    return [f"{split}: {data.source} has no box that could be trained on.{why}{cure}"]


def check_same_classes(train: CocoData, val: CocoData) -> None:
    """Raise UserError unless both list the same classes: otherwise slots would differ in meaning."""
    if train.categories != val.categories:
        differing = sorted(set(train.categories) ^ set(val.categories))
        names = listed([f"{category.name} (id {category.id})" for category in differing])
        raise UserError(f"{train.source} and {val.source} do not list the same categories: {names}.")


def few_to_score(val: CocoData) -> list[str]:
    """Return a remark on a split with too few boxes to tell good from bad luck: the standard error of a recall of one
    half is 0.5 / sqrt(boxes)."""
    boxes = int(val.trainable.sum())
    if boxes >= FEWEST:
        return []
    return [
        f"val has {len(val)} images with {boxes} boxes: by chance alone AP50 varies by about {0.5 / boxes**0.5:.2f}, "
        "so smaller differences between runs mean nothing."
    ]


def too_small(data: CocoData, size: tuple[int, int]) -> list[str]:
    """Return a remark on boxes too small to see in an input of `size` (h, w), which are left out of training."""
    count = int((data.trainable & (sides_in_input(data, size) < SMALLEST).any(axis=1)).sum())
    if not count:
        return []
    what = f"{count} of {data.trainable.sum()} boxes of {data.source.name} are less than a pixel wide or high"
    return [f"{what} in whole images of {size[0]} x {size[1]}, the network's input, and are not trained on there."]


def not_learnt(train: CocoData, val: CocoData) -> list[str]:
    """Return a remark on classes that have boxes (crowds included), but none in `train` to learn from."""
    learnt = train.category_ids[train.trainable]
    lacking = set(np.setdiff1d(np.concatenate([train.category_ids, val.category_ids]), learnt).tolist())
    names = [category.name for category in train.categories if category.id in lacking]
    return [f"Classes of which {train.source} has no box to learn from: {listed(names)}."] if names else []
