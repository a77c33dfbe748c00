"""A view: which part of an image fills which part of the network's input. All geometric augmentation is one view."""

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from ssdlite.resize import Rule, resize

FILL = 128
"""Grey of what lies beyond the image, 0..255: near 0 after normalisation to [-1, 1]."""


class Box(NamedTuple):
    """Whole pixels: left, top, right, bottom."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def size(self) -> tuple[int, int]:
        """Height and width."""
        return self.bottom - self.top, self.right - self.left


class View(NamedTuple):
    """`source`: the part seen, in pixels of the image; `target`: where it lands, in pixels of the network's input."""

    source: Box
    target: Box
    flip: bool


def whole(image_size: tuple[int, int]) -> Box:
    """All of an image of (height, width) `image_size`."""
    return Box(0, 0, image_size[1], image_size[0])


def view_of(window: Box, image_size: tuple[int, int], size: tuple[int, int], flip: bool = False) -> View:
    """The view that stretches `window`, which may reach beyond the image, to an input of `size` (h, w)."""
    source = Box(
        max(window.left, 0), max(window.top, 0), min(window.right, image_size[1]), min(window.bottom, image_size[0])
    )
    scale = size[0] / window.size[0], size[1] / window.size[1]
    left, right = (round((x - window.left) * scale[1]) for x in (source.left, source.right))
    top, bottom = (round((y - window.top) * scale[0]) for y in (source.top, source.bottom))
    left, top = min(left, size[1] - 1), min(top, size[0] - 1)  # what is seen fills at least a pixel
    return View(source, Box(left, top, max(right, left + 1), max(bottom, top + 1)), flip)


def render(image: Tensor, view: View, size: tuple[int, int], rule: Rule) -> Tensor:
    """What the network sees: `image` [3, H, W] uint8 -> [3, h, w] uint8, cropped before it is resized."""
    source, target = view.source, view.target
    seen = resize(image[:, source.top : source.bottom, source.left : source.right], target.size, rule)
    if seen.dtype != torch.uint8:
        seen = seen.round_().to(torch.uint8)
    if target.size != size:
        canvas = torch.full((3, *size), FILL, dtype=torch.uint8)
        canvas[:, target.top : target.bottom, target.left : target.right] = seen
        seen = canvas
    return seen.flip(2) if view.flip else seen


def look_at(boxes: np.ndarray, view: View, size: tuple[int, int]) -> np.ndarray:
    """`boxes` [n, 4] float32 xyxy of the image -> of the input, cut off at the edges of what is seen."""
    source, target = np.array(view.source, np.float32), np.array(view.target, np.float32)
    scale = (target[2:] - target[:2]) / (source[2:] - source[:2])  # (x, y)
    moved = (np.clip(boxes.reshape(-1, 2, 2), source[:2], source[2:]) - source[:2]) * scale + target[:2]
    moved = np.clip(moved, target[:2], target[2:])  # rounding
    if view.flip:
        moved[..., 0] = size[1] - moved[:, ::-1, 0]  # the right edge becomes the left one
    return moved.reshape(-1, 4).astype(np.float32)
