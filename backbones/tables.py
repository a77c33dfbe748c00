"""Backbone families as tables of layers: the paper's Tables 1 and 2, row by row."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Layer:
    """One row of a backbone table.

    A `bneck` row is an inverted residual: 1x1 expansion (left out where `expand` equals the input channels),
    depthwise convolution, squeeze-and-excitation, linear 1x1 projection. A `conv` row is a plain convolution with
    batch norm; its `expand` is 0.
    """

    kind: Literal["conv", "bneck"]
    kernel: int
    expand: int  # channels inside the bottleneck
    out: int  # channels
    se: float  # width of the squeeze as a share of `expand`; 0 = no squeeze-and-excitation
    act: Literal["relu", "hswish"]
    stride: int = 1
    dilation: int = 1  # of the depthwise convolution


Table = tuple[Layer, ...]

SE = 0.25  # section 5.3: squeeze fixed to 1/4 of the expansion

# Table 1, up to the pooling.
V3_LARGE: Table = (
    Layer("conv", 3, 0, 16, 0, "hswish", 2),
    Layer("bneck", 3, 16, 16, 0, "relu"),
    Layer("bneck", 3, 64, 24, 0, "relu", 2),
    Layer("bneck", 3, 72, 24, 0, "relu"),
    Layer("bneck", 5, 72, 40, SE, "relu", 2),
    Layer("bneck", 5, 120, 40, SE, "relu"),
    Layer("bneck", 5, 120, 40, SE, "relu"),
    Layer("bneck", 3, 240, 80, 0, "hswish", 2),
    Layer("bneck", 3, 200, 80, 0, "hswish"),
    Layer("bneck", 3, 184, 80, 0, "hswish"),
    Layer("bneck", 3, 184, 80, 0, "hswish"),
    Layer("bneck", 3, 480, 112, SE, "hswish"),
    Layer("bneck", 3, 672, 112, SE, "hswish"),
    Layer("bneck", 5, 672, 160, SE, "hswish", 2),
    Layer("bneck", 5, 960, 160, SE, "hswish"),
    Layer("bneck", 5, 960, 160, SE, "hswish"),
    Layer("conv", 1, 0, 960, 0, "hswish"),
)

# Table 2, up to the pooling. The paper ticks SE on the last 1x1 convolution; the authors' code has none there, and
# the parameter counts of the paper's Table 6 hold only without it.
V3_SMALL: Table = (
    Layer("conv", 3, 0, 16, 0, "hswish", 2),
    Layer("bneck", 3, 16, 16, SE, "relu", 2),
    Layer("bneck", 3, 72, 24, 0, "relu", 2),
    Layer("bneck", 3, 88, 24, 0, "relu"),
    Layer("bneck", 5, 96, 40, SE, "hswish", 2),
    Layer("bneck", 5, 240, 40, SE, "hswish"),
    Layer("bneck", 5, 240, 40, SE, "hswish"),
    Layer("bneck", 5, 120, 48, SE, "hswish"),
    Layer("bneck", 5, 144, 48, SE, "hswish"),
    Layer("bneck", 5, 288, 96, SE, "hswish", 2),
    Layer("bneck", 5, 576, 96, SE, "hswish"),
    Layer("bneck", 5, 576, 96, SE, "hswish"),
    Layer("conv", 1, 0, 576, 0, "hswish"),
)

TABLES: dict[str, Table] = {"large": V3_LARGE, "small": V3_SMALL}

# Tables 1 and 2, the layer between pooling and class scores.
CLASSIFIER_WIDTH = {"large": 1280, "small": 1024}


def layer_names(table: Table) -> tuple[str, ...]:
    """Name every row: "stem", then "block1", "block2", ... as the paper counts its bottlenecks, then "last"."""
    blocks = [row.kind != "conv" for row in table]
    return tuple(
        f"block{sum(blocks[: i + 1])}" if is_block else ("last" if i else "stem") for i, is_block in enumerate(blocks)
    )


def strides(table: Table) -> tuple[int, ...]:
    """Stride of every row's output relative to the image."""
    result, stride = [], 1
    for row in table:
        stride *= row.stride
        result.append(stride)
    return tuple(result)
