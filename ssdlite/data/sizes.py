"""The input size that training chooses for a data set."""

import numpy as np

from mnv3.ssdlite.data.coco.annotations import CocoData
from mnv3.tools.training.automatic import size_for

GRID = 32
"""Stride of the backbone, a divisor of chosen input sizes."""

SHORTEST = 320
"""Longer side from which smaller images are enlarged, pixels: the anchors are for the paper's 320 x 320."""


def automatic_size(data: CocoData) -> tuple[int, int]:
    """Return the height and width that task.input_size=auto stands for with the training images `data`."""
    height, width = size_for(data.sizes, grid=GRID, shortest=SHORTEST)
    return height, width


def sides_in_input(data: CocoData, size: tuple[int, int]) -> np.ndarray:
    """Return the width and height of each box within its image, [A, 2], in pixels of an input of `size` (h, w)."""
    scale = np.array(size[::-1]) / np.repeat(data.sizes[:, ::-1], np.diff(data.starts), axis=0)
    return (data.corners[:, 2:] - data.corners[:, :2]) * scale
