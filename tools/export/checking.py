"""Checks that an exported file gives the results of the network it was made from."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from mnv3.tools.predict.predictor import Boxes

BOX, SCORE, PIXELS = 0.1, 1e-4, 0.9999
"""What must agree at float32: corners in pixels, scores, share of a label map."""

ALIKE = 0.5
"""Least share of all boxes, whatever their scores."""

TIE = 1e-4
"""Rounding decides overlaps this near to the threshold of NMS: once in 230,000 boxes of a detector of blood cells, at
an overlap 1e-7 from it."""

SURE, OVERLAP = 0.3, 0.8
"""For 8 bits: least score of the boxes to find again, and least overlap of a box that counts as found."""


class Agreement(NamedTuple):
    """`good`: as close as float32 must be; `words`: how close, for the log."""

    good: bool
    words: str


def boxes_agree(
    ours: Sequence[Boxes], theirs: Sequence[Boxes], *, least_score: float, limit: int, nms_iou: float
) -> Agreement:
    """Compare the detections of the same images, found with a score threshold of `least_score` and `limit` an image.

    Rounding decides which boxes remain where scores tie with the threshold or with the last of a full list (half of
    these may differ) and where two boxes overlap by just `nms_iou` (counted separately).
    """
    apart, missing, tied, alike, total = 0.0, 0, 0, 0, 0
    for one, other in zip(ours, theirs, strict=True):
        full = [found.scores[-1] for found in (one, other) if len(found.scores) == limit]
        cut = max([least_score, *full]) + 2 * SCORE
        near = [_nearest(a, b) for a, b in ((one, other), (other, one))]
        lost = [(gap > BOX) & (found.scores > cut) for gap, found in zip(near, (one, other), strict=True)]
        ties = _tied(one, other, lost, nms_iou)
        for gap, gone, tie in zip(near, lost, ties, strict=True):
            missing, tied = missing + int((gone & ~tie).sum()), tied + int(tie.sum())
            alike, total = alike + int((gap <= BOX).sum()), total + len(gap)
            apart = max(apart, float(gap[gap <= BOX].max(initial=0)))
    words = (
        f"{total} detections of the two, {alike} of them the other's too, within {apart:.1g} pixels and {SCORE:g} in "
        "score"
    )
    more = f"; {tied} depend on boxes that overlap by just {nms_iou:g}" if tied else ""
    return Agreement(missing == 0 and alike >= ALIKE * total, words + more)


def _tied(one: Boxes, other: Boxes, lost: Sequence[np.ndarray], nms_iou: float) -> tuple[np.ndarray, np.ndarray]:
    """Return which `lost` boxes of each list the other lacks because of a tie in NMS: they overlap a box of their own
    list by just `nms_iou`, or replaced one that does."""
    low, high = nms_iou - TIE, nms_iou + TIE
    at_edge = [gone & _overlaps(found, found, low, high) for found, gone in zip((one, other), lost, strict=True)]
    tied = list(at_edge)
    for this, that, a, b in ((0, 1, one, other), (1, 0, other, one)):
        gone = Boxes(*(column[at_edge[that]] for column in b))
        tied[this] = tied[this] | (lost[this] & _overlaps(a, gone, low, 1))
    return tied[0], tied[1]


def _overlaps(a: Boxes, b: Boxes, low: float, high: float) -> np.ndarray:
    """Return [len(a)] bool: overlaps a box of `b` of its class by `low` to `high`."""
    overlap = pairwise_overlaps(a.boxes, b.boxes)
    return ((a.classes[:, None] == b.classes[None]) & (overlap >= low) & (overlap <= high)).any(1)


def _nearest(a: Boxes, b: Boxes) -> np.ndarray:
    """Return [len(a)] distance in pixels to the nearest box of `b` with the same class and score."""
    if not len(b.scores):
        return np.full(len(a.scores), np.inf)
    apart = np.abs(a.boxes[:, None] - b.boxes[None]).max(2)
    alike = (a.classes[:, None] == b.classes[None]) & (np.abs(a.scores[:, None] - b.scores[None]) <= SCORE)
    return np.where(alike, apart, np.inf).min(1)


def boxes_resemble(ours: Sequence[Boxes], theirs: Sequence[Boxes]) -> str:
    """Describe how many confident detections are found again, for 8-bit files, which cannot agree exactly."""
    sure, again = 0, 0
    for one, other in zip(ours, theirs, strict=True):
        clear = one.scores >= SURE
        sure += int(clear.sum())
        if clear.any() and len(other.scores):
            overlaps = pairwise_overlaps(one.boxes[clear], other.boxes)
            same = (one.classes[clear, None] == other.classes[None]) & (other.scores[None] >= SURE / 2)
            again += int((same & (overlaps >= OVERLAP)).any(1).sum())
    if not sure:
        return f"no box has a score of {SURE} or more, so nothing could be compared"
    return f"{again} of {sure} boxes with a score of at least {SURE} found again, with an overlap of {OVERLAP}"


def pairwise_overlaps(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return the intersection over union [P, Q] of boxes [P, 4] and [Q, 4], xyxy."""
    low, high = np.maximum(a[:, None, :2], b[None, :, :2]), np.minimum(a[:, None, 2:], b[None, :, 2:])
    both = (high - low).clip(0).prod(2)
    areas = [(boxes[:, 2:] - boxes[:, :2]).prod(1) for boxes in (a, b)]
    return both / np.maximum(areas[0][:, None] + areas[1][None] - both, np.finfo(np.float32).tiny)


def labels_agree(ours: Sequence[np.ndarray], theirs: Sequence[np.ndarray]) -> Agreement:
    """Compare the label maps of the same images."""
    pixels = sum(one.size for one in ours)
    same = sum(int((one == other).sum()) for one, other in zip(ours, theirs, strict=True))
    return Agreement(same >= PIXELS * pixels, f"the same class on {100 * same / pixels:.4f} % of {pixels} pixels")
