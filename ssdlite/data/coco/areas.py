"""Areas of annotations: COCO's evaluation groups objects by them and ignores an object without area."""

from collections.abc import Sequence

import numpy as np

MARGIN = 2.0
"""Pixels by which an outline may be wider or higher than its box: one at each side, by rounding."""

DOT = 1.0
"""Largest placeholder area that converters write: 0, 1, or a share of the image."""

BOX_OF_A_DOT = 10.0
"""Largest box for which such an area is plausible."""

AREAS_REPLACED = (
    "areas that cannot be those of their boxes (0 and less, 1 for a large box, more than the box, not a number) are "
    "replaced by the boxes' own"
)


def sound_areas(given: Sequence[int | float | None], boxes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Replace implausible areas in `boxes` [A, 4] (x, y, width, height) by the boxes' own; return the areas [A] float64
    and which were replaced, [A] bool. None means not given, which is no mistake."""
    width, height = boxes[:, 2], boxes[:, 3]
    own = width * height
    areas = np.array([np.nan if area is None else _as_float(area) for area in given], dtype=np.float64)
    fits = (areas > 0) & (areas <= (width + MARGIN) * (height + MARGIN))
    dots = (areas <= DOT) & (own > BOX_OF_A_DOT)
    taken = fits & ~dots
    absent = np.array([area is None for area in given], dtype=bool)
    return np.where(taken, areas, own), ~taken & ~absent & (areas != own)


def _as_float(number: int | float) -> float:
    """Convert to float; infinity for an integer beyond its range."""
    try:
        return float(number)
    except OverflowError:
        return np.inf
