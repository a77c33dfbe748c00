"""Apply a view to an image and its boxes."""

import numpy as np
import torch
from torch import Tensor

from mnv3.ssdlite.model.resize import Rule, resize_bytes
from mnv3.tools.images.view import FILL, View


def render(image: Tensor, view: View, size: tuple[int, int], rule: Rule) -> Tensor:
    """Crop, then resize `image` [3, H, W] uint8 -> [3, h, w] uint8."""
    source, target = view.source, view.target
    seen = resize_bytes(image[:, source.top : source.bottom, source.left : source.right], target.size, rule)
    if target.size != size:
        canvas = torch.full((3, *size), FILL, dtype=torch.uint8)
        canvas[:, target.top : target.bottom, target.left : target.right] = seen
        seen = canvas
    return seen.flip(2) if view.flip else seen


def look_at(boxes: np.ndarray, view: View, size: tuple[int, int]) -> np.ndarray:
    """Map `boxes` [n, 4] float32 xyxy from the image to the input, clipped to the view."""
    source, target = np.array(view.source, np.float32), np.array(view.target, np.float32)
    scale = (target[2:] - target[:2]) / (source[2:] - source[:2])  # (x, y)
    moved = (np.clip(boxes.reshape(-1, 2, 2), source[:2], source[2:]) - source[:2]) * scale + target[:2]
    moved = np.clip(moved, target[:2], target[2:])  # rounding
    if view.flip:
        moved[..., 0] = size[1] - moved[:, ::-1, 0]  # the right edge becomes the left one
    return moved.reshape(-1, 4).astype(np.float32)
