"""Random views: the authors' augmentation, and a stronger one.

Crops are drawn with numpy: torchvision's RandomIoUCrop takes as long for a COCO image as decoding it (1.5 ms), and it
crops and pads the pixels at full size, before resizing.
"""

from typing import NamedTuple

import numpy as np

from mnv3.tools.images.view import Box, View, view_of, whole

POLICIES = (0.0, 0.1, 0.3, 0.5, 0.7, 0.9, 1.0)
"""The authors' seven crops (ssd_random_crop): the share of some object that a crop must cover, and the share of a box
that must be inside to keep it. One of them is drawn for an image."""
KEEP_WHOLE = 0.15
"""Probability of no crop (random_coef)."""
ASPECTS = (0.5, 2.0)
"""Width by height of a crop."""
AREAS = (0.1, 1.0)
"""Share of the image's pixels in a crop."""
ATTEMPTS = 100
"""Crops tried (TensorFlow's sample_distorted_bounding_box) before taking the whole image."""

ZOOM_OUT = 0.5
"""Probability of zooming out (SSD, Liu et al. 2016, section 3.6)."""
ZOOM_SIDES = (1.0, 2.0)
"""Sides of the canvas in sides of the image. SSD uses up to 4; with 320 pixels and anchors of 32 or more, most objects
would become too small to learn."""


class Augmented(NamedTuple):
    """The view, and the boxes to keep, [n] bool."""

    view: View
    keep: np.ndarray


def augment(
    name: str, boxes: np.ndarray, image_size: tuple[int, int], size: tuple[int, int], rng: np.random.Generator
) -> Augmented:
    """Draw a view of an image of `image_size` (H, W) with `boxes` [n, 4] xyxy, for an input of `size` (h, w).

    `paper`: flip and SSD crop, as in the authors' sample configs. `modern`: also zoom out half of the images first,
    which makes small objects. `flip`: flip only, to overfit a few images.
    """
    flip = bool(rng.random() < 0.5)
    canvas = whole(image_size)
    if name == "flip":
        return Augmented(view_of(canvas, image_size, size, flip), np.ones(len(boxes), dtype=bool))
    if name == "modern" and rng.random() < ZOOM_OUT:
        canvas = _zoom_out(image_size, rng)
    window, keep = _random_crop(canvas, boxes, rng)
    if not _sees(window, image_size):
        window, keep = canvas, np.ones(len(boxes), dtype=bool)
    return Augmented(view_of(window, image_size, size, flip), keep)


def _zoom_out(image_size: tuple[int, int], rng: np.random.Generator) -> Box:
    """Draw a canvas around the image, of its aspect."""
    sides = rng.uniform(*ZOOM_SIDES)
    height, width = (int(side * sides) for side in image_size)
    left, top = rng.integers(width - image_size[1] + 1), rng.integers(height - image_size[0] + 1)
    return Box(-int(left), -int(top), width - int(left), height - int(top))


def _sees(window: Box, image_size: tuple[int, int]) -> bool:
    height, width = image_size
    return window.left < width and window.right > 0 and window.top < height and window.bottom > 0


def _random_crop(canvas: Box, boxes: np.ndarray, rng: np.random.Generator) -> tuple[Box, np.ndarray]:
    """Draw a part of `canvas`; also return the boxes that are enough inside it, [n] bool."""
    share = POLICIES[rng.integers(len(POLICIES))]
    everything = np.ones(len(boxes), dtype=bool)
    if rng.random() < KEEP_WHOLE:
        return canvas, everything
    windows = _windows(canvas, rng)  # [k, 4]
    objects = boxes if len(boxes) else np.array([canvas], dtype=np.float32)
    covered = _covered(windows, objects)  # [k, n]
    suitable = np.flatnonzero((covered >= share).any(axis=1))
    if not len(suitable):
        return canvas, everything
    chosen = suitable[0]
    keep = (covered[chosen] >= share) & (covered[chosen] > 0) if len(boxes) else everything
    return Box(*windows[chosen].tolist()), keep


def _windows(canvas: Box, rng: np.random.Generator) -> np.ndarray:
    """Draw windows [k, 4] int64, k <= ATTEMPTS, as TensorFlow does: aspect, then allowed height, then position."""
    rows, columns = canvas.size
    aspect = rng.uniform(*ASPECTS, size=ATTEMPTS)
    least, most = (np.rint(np.sqrt(share * rows * columns / aspect)) for share in AREAS)
    most = np.minimum(np.minimum(most, rows), np.floor((columns + 0.5) / aspect))
    least = np.minimum(least, most)
    height = least + np.floor(rng.random(ATTEMPTS) * (most - least + 1))
    width = np.rint(height * aspect)
    allowed = (height >= 1) & (width >= 1) & (width <= columns) & (height * width >= AREAS[0] * rows * columns)
    left = canvas.left + np.floor(rng.random(ATTEMPTS) * np.maximum(columns - width, 1))
    top = canvas.top + np.floor(rng.random(ATTEMPTS) * np.maximum(rows - height, 1))
    return np.stack([left, top, left + width, top + height], axis=1)[allowed].astype(np.int64)


def _covered(windows: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    """Return the share of each box that each window covers, [k, n]."""
    low = np.maximum(windows[:, None, :2], boxes[None, :, :2])
    high = np.minimum(windows[:, None, 2:], boxes[None, :, 2:])
    inside = np.maximum(high - low, 0).prod(axis=2)
    return inside / (boxes[:, 2:] - boxes[:, :2]).prod(axis=1)
