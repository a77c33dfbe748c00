"""Parameters and multiply-adds as the paper's Tables 7 and 8 count them.

The paper's "1024 x 2048" is the authors' padded 1025 x 2049, and its MAdds are those of the network as it is drawn
(classification behind the resizing to stride 8) with element-wise work among them; with that, all its figures for
the full size are met within 0.12 %. Multiply-adds of convolutions alone, as most tools count them, are 1 to 5 % lower.
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
    """Multiply-adds of convolutions, and what the paper adds for element-wise work.

    That is one for every value that is an h-swish's, is resized to, is multiplied or summed by squeeze-and-excitation,
    or is summed in a window of the gate; a half for every value that a residual, the skip or the gate goes into.
    """

    conv: int
    elementwise: float

    @property
    def total(self) -> float:
        return self.conv + self.elementwise

    def __add__(self, other: "Madds") -> "Madds":
        return Madds(self.conv + other.conv, self.elementwise + other.elementwise)


def row_cost(config: Mapping[str, Any]) -> RowCost:
    """Cost of the segmenter that a configuration describes, with Cityscapes' 19 classes, as Tables 7 and 8 count it.

    The plain figures: all trainable parameters, which are the paper's here; convolutions alone, at 1024 x 2048.
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
    """Weights and biases of convolutions, scales and offsets of batch norms: the paper's Params."""
    return sum(parameter.numel() for parameter in segmenter.parameters())


def multiply_adds(segmenter: Segmenter, size: tuple[int, int] = PAPER_SIZE) -> Madds:
    """Multiply-adds of one image of `size` (H, W) and of the resizing of its logits to that size."""
    madds, shape = Madds(0, 0), size
    for row in named_rows(segmenter.backbone.table):
        madds += _row(row, shape)
        shape = _smaller(shape, row.row.stride)
    upsampling = Madds(0, segmenter.num_classes * size[0] * size[1])
    return madds + _head(segmenter, shape, size) + upsampling


def _row(row: NamedRow, size: tuple[int, int]) -> Madds:
    """A layer of a backbone's table, which gets maps of `size`."""
    madds = Madds(0, 0)
    for conv in row.convs:
        size = _smaller(size, conv.stride)
        values = conv.outputs * prod(size)
        if conv.norm:
            madds += Madds(conv.kernel**2 * conv.inputs // conv.groups * values, values if conv.act == "hswish" else 0)
        else:  # of the values of the block, the squeeze adds each to a mean, and the excitation multiplies it
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
    """How many windows there are on a map, and of how many values the sums are, all taken together."""
    if windows is None:
        return 1, map_size[0] * map_size[1]
    rows, columns = window_counts(windows, map_size)
    area = prod(min(size, length) for size, length in zip(windows.size, map_size, strict=True))
    return rows * columns, rows * columns * area


def _smaller(size: tuple[int, int], stride: int) -> tuple[int, int]:
    """Size of a map at `stride`."""
    return -(-size[0] // stride), -(-size[1] // stride)
