"""What training gets wrong with boxes that it can be run on, for `mnv3 data check`."""

import numpy as np

from mnv3.ssdlite.data.coco.annotations import CocoData
from mnv3.ssdlite.data.sizes import sides_in_input
from mnv3.ssdlite.data.verdict import few_to_score, not_learnt, too_small
from mnv3.tools.text.plain import listed

FEW_IMAGES = 50
"""Training images below which scores depend much on the seed."""

FEW_BOXES = 20
"""Training boxes below which a class is hardly learnt."""

RARE = 0.02
"""Boxes of a class, as a share of those of the most frequent one, below which it is drowned out."""

TINY = 8.0
"""Side of the square, in pixels of the network's input, below which objects are hardly found: half a cell of the finest
grid of anchors, whose stride is 16."""

MANY_TINY = 0.02
"""Share of the boxes from which tiny ones are remarked on."""


def on_training(train: CocoData, size: tuple[int, int]) -> list[str]:
    """Return remarks on the training split, for an input of `size` (h, w)."""
    images = int((np.diff(train.starts) > 0).sum())
    few = f"train has {images} images with boxes: with so few, scores differ much from seed to seed; more help most."
    return [*([few] if images < FEW_IMAGES else []), *_scarce(train), *_tiny(train, size), *too_small(train, size)]


def on_both(train: CocoData, val: CocoData) -> list[str]:
    """Return remarks on what one split lacks for the other."""
    scored = {category.id for category in val.categories} - set(val.category_ids[val.trainable].tolist())
    names = [category.name for category in val.categories if category.id in scored]
    missing = [f"Classes without a box in val, which no score covers: {listed(names)}."] if names else []
    return [*not_learnt(train, val), *missing, *(few_to_score(val) if val.trainable.any() else [])]


def _scarce(train: CocoData) -> list[str]:
    """Return remarks on classes with few boxes, or much fewer than another one."""
    counts = {c.name: int((train.trainable & (train.category_ids == c.id)).sum()) for c in train.categories}
    most = max(counts, key=lambda name: counts[name])
    few = [f"{name} ({count})" for name, count in counts.items() if 0 < count < FEW_BOXES]
    rare = [f"{name} ({count:,})" for name, count in counts.items() if FEW_BOXES <= count < RARE * counts[most]]
    lines = []
    if few:
        lines.append(f"Classes with fewer than {FEW_BOXES} training boxes, too few to learn them well: {listed(few)}.")
    if rare:
        lines.append(
            f"Classes with less than {RARE:.0%} of the {counts[most]:,} training boxes of {most}: {listed(rare)}. They "
            "will be missed more often; more images of them help."
        )
    return lines


def _tiny(train: CocoData, size: tuple[int, int]) -> list[str]:
    """Return a remark if many boxes are too small for the input."""
    sides = np.sqrt(sides_in_input(train, size).prod(axis=1))
    tiny = train.trainable & (sides < TINY)
    total = int(train.trainable.sum())
    if not total or tiny.sum() < MANY_TINY * total:
        return []
    names = {category.id: category.name for category in train.categories}
    ids, counts = np.unique(train.category_ids[tiny], return_counts=True)
    ranked = sorted(zip(ids.tolist(), counts.tolist(), strict=True), key=lambda item: -item[1])
    which = listed([f"{names[number]} ({count:,})" for number, count in ranked])
    height, width = size
    share = f"{int(tiny.sum()):,} of {total:,} training boxes ({tiny.sum() / total:.0%})"
    return [
        f"{share} are smaller than {TINY:g} x {TINY:g} pixels in the network's input of {height} x {width}, where they "
        f"are hardly found: {which}. task.input_size=[{2 * height},{2 * width}] doubles them, at four times the cost; "
        "large pictures can be cut into tiles."
    ]
