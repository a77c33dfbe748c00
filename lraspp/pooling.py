"""Means over windows of a feature map: what the gate of LR-ASPP sees (section 6.4, figure 10)."""

from typing import NamedTuple

import torch
from torch import Tensor


class Windows(NamedTuple):
    """Windows of `size` every `stride` rows and columns of a feature map.

    A map smaller than a window has one that is as large as the map. `whole`: where the last window would end before
    the map does, there is one more, and all are spread evenly from edge to edge; otherwise the rest goes unseen, as
    by TensorFlow's VALID pooling.
    """

    size: tuple[int, int]
    stride: tuple[int, int]
    whole: bool = True


# By output stride: as large as the map of the authors' 769 x 769 crops, and six or so to tile that of a Cityscapes
# frame, padded to 1025 x 2049. Their flags for 16 (the paper) and 32 (their released models); 8 is 16's grid.
AUTHORS_WINDOWS = {
    32: Windows((25, 25), (4, 5)),
    16: Windows((49, 49), (16, 20)),
    8: Windows((97, 97), (32, 40)),
}


def pool(x: Tensor, windows: Windows | None) -> Tensor:
    """[N, C, H, W] -> mean of every window [N, C, rows, columns]; without windows of the whole map [N, C, 1, 1]."""
    height, width = x.shape[-2:]
    if windows is None or (windows.size[0] >= height and windows.size[1] >= width):
        return x.sum((2, 3), keepdim=True) / (height * width)  # not mean(): see backbones.blocks.SqueezeExcite
    for axis in (2, 3):
        size = min(windows.size[axis - 2], x.shape[axis])
        starts = window_starts(x.shape[axis], size, windows.stride[axis - 2], windows.whole)
        x = torch.cat([x.narrow(axis, start, size).mean(axis, keepdim=True) for start in starts], axis)
    return x


def window_starts(length: int, size: int, stride: int, whole: bool) -> list[int]:
    """First positions of the windows of `size` along an axis of `length`."""
    rest = length - size
    if not whole:
        return list(range(0, rest + 1, stride))
    steps = -(-rest // stride)
    return [round(i * rest / steps) for i in range(steps + 1)] if steps else [0]
