"""Confusion matrix of boxes, over all images at once."""

import numpy as np

from mnv3.ssdlite.data.coco.annotations import CocoData
from mnv3.ssdlite.evaluate.results import Table


def confusion_matrix(data: CocoData, found: Table, *, iou: float = 0.5, score_threshold: float = 0.3) -> np.ndarray:
    """Return [K + 1, K + 1] int64 counts: row = truth, column = prediction, by `data.categories`, background last.

    A detection of at least `score_threshold` and a box make a pair if they overlap by `iou` or more. Pairs are taken
    greedily, those of one class first, then by overlap; each detection and each box is in at most one pair. Unpaired
    boxes are missed (last column), unpaired detections false (last row), except that a detection with `iou` of its area
    in a crowd of its class is ignored, as in COCO's evaluation.
    """
    count = len(data.categories)
    number = {category.id: i for i, category in enumerate(data.categories)}
    owners = np.repeat(data.image_ids, np.diff(data.starts))
    truth = np.array([number[i] for i in data.category_ids.tolist()], dtype=np.int64)
    sure = found.scores >= score_threshold
    predicted = np.array([number[i] for i in found.category_ids[sure].tolist()], dtype=np.int64)

    box, detection = _pairs_of_images(owners, found.image_ids[sure])
    shared, area, detection_area = _overlaps(data.boxes[box], found.boxes[sure][detection])
    crowd, same = data.crowd[box], truth[box] == predicted[detection]
    overlap = shared / np.maximum(area + detection_area - shared, 1e-12)
    near = (overlap >= iou) & ~crowd
    order = np.lexsort((detection[near], -overlap[near], ~same[near]))
    pairs = _greedy(np.stack([box[near], detection[near]])[:, order])

    in_crowd = np.zeros(len(predicted), dtype=bool)
    in_crowd[detection[crowd & same & (shared >= iou * np.maximum(detection_area, 1e-12))]] = True
    missed = ~data.crowd
    missed[pairs[0]] = False
    false = ~in_crowd
    false[pairs[1]] = False
    rows = np.concatenate([truth[pairs[0]], truth[missed], np.full(false.sum(), count)])
    columns = np.concatenate([predicted[pairs[1]], np.full(missed.sum(), count), predicted[false]])
    return np.bincount(rows * (count + 1) + columns, minlength=(count + 1) ** 2).reshape(count + 1, count + 1)


def _pairs_of_images(owners: np.ndarray, image_ids: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return rows of all (box, detection) pairs of the same image; `owners` [A] and `image_ids` [n] are image ids."""
    order = np.argsort(image_ids, kind="stable")
    begin, end = (np.searchsorted(image_ids[order], owners, side=side) for side in ("left", "right"))
    many = end - begin  # detections of each box's image
    box = np.repeat(np.arange(len(owners)), many)
    within = np.arange(len(box)) - np.repeat(np.cumsum(many) - many, many)
    return box, order[begin[box] + within]


def _overlaps(boxes: np.ndarray, others: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the intersection and both areas of pairs of boxes, [P, 4] each (x, y, width, height)."""
    low = np.maximum(boxes[:, :2], others[:, :2])
    high = np.minimum(boxes[:, :2] + boxes[:, 2:], others[:, :2] + others[:, 2:])
    return np.clip(high - low, 0, None).prod(axis=1), boxes[:, 2:].prod(axis=1), others[:, 2:].prod(axis=1)


def _greedy(pairs: np.ndarray) -> np.ndarray:
    """Choose greedily from `pairs` [2, P], best first, so that no index repeats: [2, Q], without a loop over images.

    Take every pair that is the first left for both its partners, remove the partners' other pairs, and repeat.
    """
    taken = [pairs[:, :0]]
    while pairs.shape[1]:
        first = np.ones(pairs.shape[1], dtype=bool)
        for row in pairs:
            leads = np.zeros(pairs.shape[1], dtype=bool)
            leads[np.unique(row, return_index=True)[1]] = True
            first &= leads
        taken.append(pairs[:, first])
        pairs = pairs[:, ~(np.isin(pairs[0], pairs[0, first]) | np.isin(pairs[1], pairs[1, first]))]
    return np.concatenate(taken, axis=1)
