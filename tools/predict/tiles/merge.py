"""One list of detections from those of a picture's tiles and of the whole picture."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from mnv3.tools.predict.predictor import Boxes
from mnv3.tools.predict.tiles.grid import Size, Tile

SAME_IOU = 0.5
"""Overlap from which boxes of a class from different views are one object."""

COVERED = 0.5
"""Share of a cut box that lies in a whole or larger one of its class, from which it is a part of that object."""

HALF_SURE = 0.5
"""Least score, as a share of the cut box's, of a box that replaces it."""

MARGIN = 0.02
"""Distance to a tile's border, as a share of the tile, at which a box is cut by it."""

POOL = 100
"""Candidates per detection wanted; a picture of thousands of tiles has more."""


class Found(NamedTuple):
    """Detections of all views: `view` [D] is a box's tile or the whole picture, `cut` [D] whether the border of its
    tile cuts it."""

    boxes: np.ndarray
    scores: np.ndarray
    classes: np.ndarray
    view: np.ndarray
    cut: np.ndarray


def merge(whole: Boxes, parts: Sequence[Boxes], tiles: Sequence[Tile], picture: Size, most: int) -> Boxes:
    """Return the `most` best detections of a picture (H, W) from those on the `whole` and on its `tiles`, best first.

    A box that the border of a tile cuts gives way to one of its class, of another tile or of the whole picture, that
    contains it and is not cut or larger. Of the others those of different views that overlap are one object.
    """
    moved = [_moved(boxes, tile) for boxes, tile in zip(parts, tiles, strict=True)]
    cuts = [_cut(boxes.boxes, tile, picture) for boxes, tile in zip(moved, tiles, strict=True)]
    views = [whole, *moved]
    boxes, scores, classes = (np.concatenate(columns) for columns in zip(*views, strict=True))
    view = np.repeat(np.arange(len(views)), [len(one.scores) for one in views])
    cut = np.concatenate([np.zeros(len(whole.scores), bool), *cuts])
    order = np.argsort(-scores, kind="stable")[: POOL * most]
    found = Found(boxes[order], scores[order], classes[order], view[order], cut[order])
    kept = _chosen(found, most)
    return Boxes(found.boxes[kept], found.scores[kept], found.classes[kept])


def _moved(found: Boxes, tile: Tile) -> Boxes:
    shift = np.array([tile.left, tile.top] * 2, np.float32)
    return found._replace(boxes=found.boxes + shift)


def _cut(boxes: np.ndarray, tile: Tile, picture: Size) -> np.ndarray:
    """Return [D] bool: whether a border of the tile that is none of the picture cuts the box."""
    x, y = MARGIN * (tile.right - tile.left), MARGIN * (tile.bottom - tile.top)
    height, width = picture
    left, top = boxes[:, 0] < tile.left + x, boxes[:, 1] < tile.top + y
    right, bottom = boxes[:, 2] > tile.right - x, boxes[:, 3] > tile.bottom - y
    before = (left & (tile.left > 0)) | (top & (tile.top > 0))
    return before | (right & (tile.right < width)) | (bottom & (tile.bottom < height))


def _chosen(found: Found, most: int) -> list[int]:
    """Return the rows of the detections that stay, of `found`, best first."""
    alive, kept = np.ones(len(found.scores), bool), []
    for row in range(len(alive)):
        if not alive[row]:
            continue
        rivals = (found.classes == found.classes[row]) & (found.view != found.view[row])
        both, areas = _intersections(found.boxes, found.boxes[row])
        if found.cut[row]:
            larger = ~found.cut | (areas > areas[row])
            better = rivals & larger & (found.scores >= HALF_SURE * found.scores[row])
            if (both[better] >= COVERED * areas[row]).any():
                continue
        kept.append(row)
        if len(kept) == most:
            break
        same = both > SAME_IOU * (areas + areas[row] - both)
        part = found.cut & (both >= COVERED * areas)  # of a larger piece of the same object
        alive &= ~(rivals & (same | part))
    return kept


def _intersections(boxes: np.ndarray, box: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the area that each of `boxes` has in common with `box`, and the area of each."""
    sides = np.minimum(boxes[:, 2:], box[2:]) - np.maximum(boxes[:, :2], box[:2])
    return sides.clip(0).prod(1), (boxes[:, 2:] - boxes[:, :2]).prod(1)
