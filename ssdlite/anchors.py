"""Anchors: shapes of the boxes at every cell, laid out over the feature maps.

A layout is a table: for each of the six levels the (height, width) of its anchors as fractions of the reference size of the
image, in the order in which the network predicts them.
"""

from functools import lru_cache
from math import sqrt

import torch
from torch import Tensor

AnchorLayout = tuple[tuple[tuple[float, float], ...], ...]

SCALES = (0.2, 0.35, 0.5, 0.65, 0.8, 0.95, 1.0)
"""Scale of each level, 0.2 to 0.95 in even steps, and of the level that would come next (SSD, section 2.2; both presets)."""

AUTHORS_ONE_THIRD = 0.3333
"""The sample configuration of the authors writes the aspect ratio 1/3 so."""


def paper_layout() -> AnchorLayout:
    """Anchors of the authors' SSDLite configuration: 3 on the first level (one of them small), 6 on the others, not clipped."""
    first = (_shape(0.1, 1.0), _shape(SCALES[0], 2.0), _shape(SCALES[0], 0.5))
    return (first, *(_six(*pair) for pair in zip(SCALES[1:], SCALES[2:])))


def torchvision_layout() -> AnchorLayout:
    """Anchors of torchvision's ssdlite320_mobilenet_v3_large: 6 on every level, sides clipped to the image."""
    return tuple(_six_clipped(*pair) for pair in zip(SCALES, SCALES[1:]))


def map_sizes(input_size: tuple[int, int]) -> list[tuple[int, int]]:
    """(height, width) of the six feature maps of an input: strides 16 and 32, then halved (rounding up) four times."""
    sizes = [tuple(-(-side // stride) for side in input_size) for stride in (16, 32)]
    while len(sizes) < len(SCALES) - 1:
        sizes.append(tuple(-(-side // 2) for side in sizes[-1]))
    return [(height, width) for height, width in sizes]


@lru_cache(maxsize=32)
def grid_anchors(layout: AnchorLayout, input_size: tuple[int, int], square: bool) -> Tensor:
    """All anchors of an input of `input_size` (H, W): [A, 4] float32, xyxy in pixels, not clipped. Cached; do not write to it.

    `square`: fractions are of the shorter side, so that an anchor of aspect ratio 1 is square on any input (the authors'
    rule); otherwise heights are fractions of H and widths of W (torchvision's rule). On a square input the two agree.
    """
    height, width = input_size
    unit = torch.tensor((min(input_size),) * 2 if square else (height, width), dtype=torch.float64)
    levels = []
    for shapes, (rows, columns) in zip(layout, map_sizes(input_size), strict=True):
        y = (torch.arange(rows, dtype=torch.float64) + 0.5) * (height / rows)
        x = (torch.arange(columns, dtype=torch.float64) + 0.5) * (width / columns)
        half = torch.tensor(shapes, dtype=torch.float64) * unit / 2
        sides = half.flip(1).expand(rows, columns, -1, 2)
        centres = torch.stack(torch.meshgrid(x, y, indexing="xy"), -1)[:, :, None]
        levels.append(torch.cat((centres - sides, centres + sides), -1).reshape(-1, 4))
    return torch.cat(levels).float()


def _shape(scale: float, aspect_ratio: float) -> tuple[float, float]:
    return scale / sqrt(aspect_ratio), scale * sqrt(aspect_ratio)


def _six(scale: float, next_scale: float) -> tuple[tuple[float, float], ...]:
    ratios = (1.0, 2.0, 0.5, 3.0, AUTHORS_ONE_THIRD)
    return (*(_shape(scale, ratio) for ratio in ratios), _shape(sqrt(scale * next_scale), 1.0))


def _six_clipped(scale: float, next_scale: float) -> tuple[tuple[float, float], ...]:
    ratios = (2.0, 1 / 2, 3.0, 1 / 3)
    shapes = (_shape(scale, 1.0), _shape(sqrt(scale * next_scale), 1.0), *(_shape(scale, ratio) for ratio in ratios))
    return tuple((min(height, 1.0), min(width, 1.0)) for height, width in shapes)
