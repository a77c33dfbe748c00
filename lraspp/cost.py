"""Parameters and multiply-adds as the paper's Tables 7 and 8 count them.

The paper's "1024 x 2048" is the authors' padded 1025 x 2049, and its MAdds are those of the network as drawn
(classification after resizing to stride 8), including element-wise work; counted so, all its figures for the full size
match within 0.12 %. Multiply-adds of convolutions alone, as most tools count them, are 1 to 5 % lower.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from typing import Any

import torch

from mnv3.backbones.rows import NamedRow, has_shortcut, named_rows
from mnv3.lraspp.model.heads import LiteHead
from mnv3.lraspp.model.pooling import Windows, window_counts
from mnv3.lraspp.model.segmenter import Segmenter
from mnv3.lraspp.weights.load import segmenter_from_config
from mnv3.tools.paper.cost import RowCost

PAPER_SIZE = (1025, 2049)
PAPER_HALF_SIZE = (513, 1025)
FRAME = (1024, 2048)
CLASSES = 19  # of Cityscapes


@dataclass(frozen=True)
class Madds:
    """Multiply-adds of convolutions, and those that the paper counts for element-wise work.

    Element-wise: 1 per h-swish output, resized value, squeeze-and-excitation product or sum, or value summed in a
    window of the gate; 0.5 per value that a residual, the skip or the gate is applied to.
    """

    conv: int
    elementwise: float

    @property
    def total(self) -> float:
        return self.conv + self.elementwise

    def __add__(self, other: "Madds") -> "Madds":
        return Madds(self.conv + other.conv, self.elementwise + other.elementwise)


def row_cost(config: Mapping[str, Any]) -> RowCost:
    """Return the cost of a configuration's segmenter with Cityscapes' 19 classes, as Tables 7 and 8 count it.

    The plain figures are all trainable parameters, as in the paper, and convolutions alone at 1024 x 2048.
    """
    with torch.device("meta"):
        segmenter = segmenter_from_config(dict(config), CLASSES)
    params = parameters(segmenter)
    return RowCost(
        params=params,
        params_plain=params,
        madds=round(multiply_adds(segmenter).total),
        madds_plain=multiply_adds(segmenter, FRAME).conv,
        half_madds=round(multiply_adds(segmenter, PAPER_HALF_SIZE).total),
    )


def parameters(segmenter: Segmenter) -> int:
    """Count the paper's Params: weights and biases of convolutions, scales and offsets of batch norms."""
    return sum(parameter.numel() for parameter in segmenter.parameters())


def multiply_adds(segmenter: Segmenter, size: tuple[int, int] = PAPER_SIZE) -> Madds:
    """Count the multiply-adds of one image of `size` (H, W), including resizing its logits to that size."""
    madds, shape = Madds(0, 0), size
    for row in named_rows(segmenter.backbone.table):
        madds += _row(row, shape)
        shape = _smaller(shape, row.row.stride)
    upsampling = Madds(0, segmenter.num_classes * size[0] * size[1])
    return madds + _head(segmenter, shape, size) + upsampling


def _row(row: NamedRow, size: tuple[int, int]) -> Madds:
    """Count the multiply-adds of a row of the backbone's table with input maps of `size`."""
    madds = Madds(0, 0)
    for conv in row.convs:
        size = _smaller(size, conv.stride)
        values = conv.outputs * prod(size)
        if conv.norm:
            madds += Madds(conv.kernel**2 * conv.inputs // conv.groups * values, values if conv.act == "hswish" else 0)
        else:  # the squeeze adds each value of the block to a mean, and the excitation multiplies it
            madds += Madds(conv.inputs * conv.outputs, max(conv.inputs, conv.outputs) * prod(size))
    if has_shortcut(row.row, row.inputs):
        madds += Madds(0, row.row.out * prod(size) / 2)
    return madds


def _head(segmenter: Segmenter, map_size: tuple[int, int], size: tuple[int, int]) -> Madds:
    head, classes = segmenter.head, segmenter.num_classes
    filters, channels = head.features.conv.out_channels, head.features.conv.in_channels
    pixels = map_size[0] * map_size[1]
    madds = Madds(channels * filters * pixels, 0)
    if isinstance(head, LiteHead) and head.gate is None:
        pooling, gating = Madds(0, 0), Madds(0, 0)
    else:
        windows, summed = _windows(head.windows, map_size)
        pooling = Madds(channels * filters * windows, summed * channels + filters * pixels)
        gating = Madds(0, filters * pixels / 2)
    if not isinstance(head, LiteHead):
        return madds + pooling + Madds((2 * filters + classes) * filters * pixels, 0)
    if head.skip is None:
        return madds + pooling + gating + Madds(filters * classes * pixels, 0)
    skip_size = _smaller(size, segmenter.backbone.strides[segmenter.backbone.taps[1]])
    skip_pixels = skip_size[0] * skip_size[1]
    adding = Madds((filters + head.skip.in_channels) * classes * skip_pixels, classes * skip_pixels / 2)
    return madds + pooling + gating + adding


def _windows(windows: Windows | None, map_size: tuple[int, int]) -> tuple[int, int]:
    """Return the number of windows on a map, and the total number of values they sum."""
    if windows is None:
        return 1, map_size[0] * map_size[1]
    rows, columns = window_counts(windows, map_size)
    area = prod(min(size, length) for size, length in zip(windows.size, map_size, strict=True))
    return rows * columns, rows * columns * area


def _smaller(size: tuple[int, int], stride: int) -> tuple[int, int]:
    """Return the size of a map after `stride`."""
    return -(-size[0] // stride), -(-size[1] // stride)
