"""Areas of annotations. COCO's evaluation sorts objects by them, and leaves one without area out of every score."""

from collections.abc import Sequence

import numpy as np

MARGIN = 2.0
"""Pixels by which an outline may be wider and higher than its box: one at each side, by rounding."""

DOT = 1.0
"""The largest area that converters write where they have none: 0, 1, or a share of the image."""

BOX_OF_A_DOT = 10.0
"""The largest box that may have such an area."""

AREAS_REPLACED = (
    "areas that cannot be those of their boxes (0 and less, 1 for a large box, more than the box, not a number) are "
    "replaced by the boxes' own"
)


def sound_areas(given: Sequence[int | float | None], boxes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """[A] float64, the `given` areas where they can be those of an outline in `boxes` [A, 4] (x, y, width, height),
    else the boxes' own; and [A] bool, which were replaced. None: not given, which is no mistake."""
    width, height = boxes[:, 2], boxes[:, 3]
    own = width * height
    areas = np.array([np.nan if area is None else _as_float(area) for area in given], dtype=np.float64)
    fits = (areas > 0) & (areas <= (width + MARGIN) * (height + MARGIN))
    dots = (areas <= DOT) & (own > BOX_OF_A_DOT)
    taken = fits & ~dots
    absent = np.array([area is None for area in given], dtype=bool)
    return np.where(taken, areas, own), ~taken & ~absent & (areas != own)


def _as_float(number: int | float) -> float:
    """Infinity for a whole number of more digits than a float has."""
    try:
        return float(number)
    except OverflowError:
        return np.inf
