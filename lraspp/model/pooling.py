"""Means over windows of a feature map, for the gate of LR-ASPP (section 6.4, figure 10)."""

from typing import NamedTuple

import torch.nn.functional as F
from torch import Tensor


class Windows(NamedTuple):
    """Windows of `size` every `stride` rows and columns of a feature map.

    On a map smaller than a window, the window is as large as the map. `whole`: if the last window ends before the map,
    add one cut off at the edge; otherwise the rest is unused, as in TensorFlow's VALID pooling.
    """

    size: tuple[int, int]
    stride: tuple[int, int]
    whole: bool = True


# By output stride. A window is as large as the map of the authors' 769 x 769 crops; with these strides 2 x 5 windows
# (3 x 9 at 32) cover the map of a Cityscapes frame, padded to 1025 x 2049. Those for 16 and 32 are from the flags of
# the released models; 8 has the grid of 16.
AUTHORS_WINDOWS = {
    32: Windows((25, 25), (4, 5)),
    16: Windows((49, 49), (16, 20)),
    8: Windows((97, 97), (32, 40)),
}


def pool(x: Tensor, windows: Windows | None) -> Tensor:
    """[N, C, H, W] -> mean of every window [N, C, rows, columns]; without windows, of the whole map [N, C, 1, 1]."""
    height, width = x.shape[-2:]
    if windows is None or (windows.size[0] >= height and windows.size[1] >= width):
        return x.sum((2, 3), keepdim=True) / (height * width)  # not mean(): see backbones.blocks.SqueezeExcite
    (rows, columns), stride, whole = windows
    return F.avg_pool2d(x, (min(rows, height), min(columns, width)), stride, ceil_mode=whole)


def window_counts(windows: Windows, map_size: tuple[int, int]) -> tuple[int, int]:
    """Return the rows and columns of windows on a map of `map_size`."""
    rests = (max(length - size, 0) for length, size in zip(map_size, windows.size, strict=True))
    rows, columns = (
        -(-rest // step) if windows.whole else rest // step for rest, step in zip(rests, windows.stride, strict=True)
    )
    return rows + 1, columns + 1
