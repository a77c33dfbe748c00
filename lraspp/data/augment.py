"""Random crops of frames at random scales: the authors' augmentation, and one that also changes colours."""

import numpy as np

from mnv3.tools.images.view import Box, View, view_of

SCALES = (0.5, 0.75, 1.0, 1.25, 1.5, 1.75, 2.0)
"""Training scales (min_scale_factor, max_scale_factor and scale_factor_step_size of the authors' DeepLab)."""


def augment(
    name: str,
    frame_size: tuple[int, int],
    crop: tuple[int, int],
    rng: np.random.Generator,
    input_size: tuple[int, int] | None = None,
) -> View:
    """Draw the part of a frame of `frame_size` (H, W) that fills a crop (h, w).

    `paper`: scale by one of SCALES, cut a random crop, padded if the frame is smaller, and flip half of the time.
    `modern`: any scale between the first and the last (and other colours, see `recolour`). `flip`: scale 1, for short
    trainings. `input_size`: frame size (h, w) at scale 1; None for the frame's own size.
    """
    scale = _scale(name, rng)
    base = input_size or frame_size
    rows, columns = (
        max(1, round(side / scale * full / unit)) for side, full, unit in zip(crop, frame_size, base, strict=True)
    )
    top, left = (_place(full, side, rng) for full, side in zip(frame_size, (rows, columns), strict=True))
    flip = bool(rng.random() < 0.5)
    return view_of(Box(left, top, left + columns, top + rows), frame_size, crop, flip)


def _scale(name: str, rng: np.random.Generator) -> float:
    if name == "flip":
        return 1.0
    return rng.choice(SCALES) if name == "paper" else rng.uniform(SCALES[0], SCALES[-1])


def _place(full: int, side: int, rng: np.random.Generator) -> int:
    """Draw the start of a window of `side` on an axis of `full`: inside it, or around it if the window is larger."""
    free = full - side
    return int(rng.integers(min(free, 0), max(free, 0), endpoint=True))
