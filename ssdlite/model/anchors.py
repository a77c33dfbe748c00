"""Anchors: shapes of the boxes at every cell, laid out over the feature maps.

A layout lists for each of the six levels the (height, width) of its anchors as fractions of the image, in their order.
"""

from functools import lru_cache
from itertools import pairwise
from math import sqrt

import torch
from torch import Tensor

AnchorLayout = tuple[tuple[tuple[float, float], ...], ...]

SCALES = (0.2, 0.35, 0.5, 0.65, 0.8, 0.95, 1.0)
"""Scales of the six levels, 0.2 to 0.95 in even steps; 1.0 stands for the one after the last (SSD, section 2.2)."""

AUTHORS_ONE_THIRD = 0.3333
"""The aspect ratio 1/3 as written in the authors' sample configuration."""


def paper_layout() -> AnchorLayout:
    """Return the authors' anchors: 3 on the first level, one of them small, 6 on the others; not clipped."""
    first = (_shape(0.1, 1.0), _shape(SCALES[0], 2.0), _shape(SCALES[0], 0.5))
    return (first, *(_six(*pair) for pair in pairwise(SCALES[1:])))


def torchvision_layout() -> AnchorLayout:
    """Return the anchors of torchvision's ssdlite320_mobilenet_v3_large: 6 on every level, clipped to the image."""
    return tuple(_six_clipped(*pair) for pair in pairwise(SCALES))


def map_sizes(input_size: tuple[int, int]) -> list[tuple[int, int]]:
    """Return (height, width) of the six feature maps: strides 16 and 32, then halved (rounding up) four times."""
    height, width = input_size
    sizes = [(-(-height // stride), -(-width // stride)) for stride in (16, 32)]
    while len(sizes) < len(SCALES) - 1:
        rows, columns = sizes[-1]
        sizes.append((-(-rows // 2), -(-columns // 2)))
    return sizes


@lru_cache(maxsize=32)
def grid_anchors(layout: AnchorLayout, input_size: tuple[int, int], square: bool) -> Tensor:
    """Return all anchors of an input of `input_size` (H, W): [A, 4] float32, xyxy in pixels. Cached: do not modify.

    `square`: fractions are of the shorter side, so that an anchor of aspect ratio 1 is square on any input (the
    authors' rule); otherwise heights are fractions of H and widths of W (torchvision's). On a square input they agree.
    """
    height, width = input_size
    shares = torch.tensor((1.0, 1.0) if not square else (min(input_size) / height, min(input_size) / width))
    levels = []
    for shapes, (rows, columns) in zip(layout, map_sizes(input_size), strict=True):
        # In float32 and as fractions of the image first, as in both sources: if a box overlaps two anchors equally, the
        # rounding decides which is its best.
        y = torch.arange(rows) * (1 / rows) + 0.5 / rows
        x = torch.arange(columns) * (1 / columns) + 0.5 / columns
        half = 0.5 * (torch.tensor(shapes) * shares).flip(1)
        centres = torch.stack(torch.meshgrid(x, y, indexing="xy"), -1)[:, :, None]
        levels.append(torch.cat((centres - half, centres + half), -1).reshape(-1, 4))
    return torch.cat(levels) * torch.tensor((width, height, width, height))


def _shape(scale: float, aspect_ratio: float) -> tuple[float, float]:
    return scale / sqrt(aspect_ratio), scale * sqrt(aspect_ratio)


def _six(scale: float, next_scale: float) -> tuple[tuple[float, float], ...]:
    ratios = (1.0, 2.0, 0.5, 3.0, AUTHORS_ONE_THIRD)
    return (*(_shape(scale, ratio) for ratio in ratios), _shape(sqrt(scale * next_scale), 1.0))


def _six_clipped(scale: float, next_scale: float) -> tuple[tuple[float, float], ...]:
    ratios = (2.0, 1 / 2, 3.0, 1 / 3)
    shapes = (_shape(scale, 1.0), _shape(sqrt(scale * next_scale), 1.0), *(_shape(scale, ratio) for ratio in ratios))
    return tuple((min(height, 1.0), min(width, 1.0)) for height, width in shapes)
