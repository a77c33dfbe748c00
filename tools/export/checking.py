"""Whether an exported file says what the network says that it was made of."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from tools.predictor import Boxes

BOX, SCORE, PIXELS = 0.1, 1e-4, 0.9999
"""What must agree at float32: corners within pixels, scores, share of a label map."""


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
    words = f"{count} detections, {count - missing} of them the same within {apart:.1g} pixels and {SCORE:g} in score"
    return Agreement(missing == 0, words)


def _nearest(a: Boxes, b: Boxes) -> np.ndarray:
    """[len(a)] how far the nearest box of `b` with the same class and score is from each of `a`, in pixels."""
    if not len(b.scores):
        return np.full(len(a.scores), np.inf)
    apart = np.abs(a.boxes[:, None] - b.boxes[None]).max(2)
    alike = (a.classes[:, None] == b.classes[None]) & (np.abs(a.scores[:, None] - b.scores[None]) <= SCORE)
    return np.where(alike, apart, np.inf).min(1)


def labels_agree(ours: Sequence[np.ndarray], theirs: Sequence[np.ndarray]) -> Agreement:
    """Of the label maps of the same images."""
    pixels = sum(one.size for one in ours)
    same = sum(int((one == other).sum()) for one, other in zip(ours, theirs, strict=True))
    return Agreement(same >= PIXELS * pixels, f"the same class on {100 * same / pixels:.4f} % of {pixels} pixels")
