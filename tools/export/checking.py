"""Whether an exported file says what the network says that it was made of."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from tools.predictor import Boxes

BOX, SCORE, PIXELS = 0.1, 1e-4, 0.9999
"""What must agree at float32: corners within pixels, scores, share of a label map."""

SURE, OVERLAP = 0.3, 0.8
"""Of 8 bits: the least score of the boxes that are looked for, and the least overlap of one that is found again."""


class Agreement(NamedTuple):
    """`good`: as close as float32 must be; `words`: how close."""

    good: bool
    words: str


def boxes_agree(ours: Sequence[Boxes], theirs: Sequence[Boxes]) -> Agreement:
    """Of the detections of the same images. Those that tie with an image's last one may be others."""
    count, apart, missing = 0, 0.0, 0
    for one, other in zip(ours, theirs, strict=True):
        cut = max((found.scores[-1] for found in (one, other) if len(found.scores)), default=0.0) + 2 * SCORE
        for a, b in ((one, other), (other, one)):
            clear = a.scores > cut if len(a.scores) else a.scores > 0
            near = _nearest(a, b)[clear]
            count += len(near)
            missing += int((near > BOX).sum())
            apart = max(apart, float(near[near <= BOX].max(initial=0)))
    words = (
        f"{count} detections of the two, {count - missing} of them the other's too, within {apart:.1g} pixels and "
        f"{SCORE:g} in score"
    )
    return Agreement(missing == 0, words)


def _nearest(a: Boxes, b: Boxes) -> np.ndarray:
    """[len(a)] how far the nearest box of `b` with the same class and score is from each of `a`, in pixels."""
    if not len(b.scores):
        return np.full(len(a.scores), np.inf)
    apart = np.abs(a.boxes[:, None] - b.boxes[None]).max(2)
    alike = (a.classes[:, None] == b.classes[None]) & (np.abs(a.scores[:, None] - b.scores[None]) <= SCORE)
    return np.where(alike, apart, np.inf).min(1)


def boxes_resemble(ours: Sequence[Boxes], theirs: Sequence[Boxes]) -> str:
    """How many of the sure detections are found again, in words: of a file that cannot agree, in 8 bits."""
    sure, again = 0, 0
    for one, other in zip(ours, theirs, strict=True):
        clear = one.scores >= SURE
        sure += int(clear.sum())
        if clear.any() and len(other.scores):
            overlaps = pairwise_overlaps(one.boxes[clear], other.boxes)
            same = (one.classes[clear, None] == other.classes[None]) & (other.scores[None] >= SURE / 2)
            again += int((same & (overlaps >= OVERLAP)).any(1).sum())
    return f"{again} of {sure} boxes with a score of at least {SURE} found again, with an overlap of {OVERLAP}"


def pairwise_overlaps(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Intersection over union [P, Q] of boxes [P, 4] and [Q, 4], xyxy."""
    low, high = np.maximum(a[:, None, :2], b[None, :, :2]), np.minimum(a[:, None, 2:], b[None, :, 2:])
    both = (high - low).clip(0).prod(2)
    areas = [(boxes[:, 2:] - boxes[:, :2]).prod(1) for boxes in (a, b)]
    return both / np.maximum(areas[0][:, None] + areas[1][None] - both, np.finfo(np.float32).tiny)


def labels_agree(ours: Sequence[np.ndarray], theirs: Sequence[np.ndarray]) -> Agreement:
    """Of the label maps of the same images."""
    pixels = sum(one.size for one in ours)
    same = sum(int((one == other).sum()) for one, other in zip(ours, theirs, strict=True))
    return Agreement(same >= PIXELS * pixels, f"the same class on {100 * same / pixels:.4f} % of {pixels} pixels")
