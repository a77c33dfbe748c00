"""Backbone families as tables of layers: the paper's Tables 1 and 2, and the networks that it compares with."""

from dataclasses import dataclass
from typing import Literal, NamedTuple


class Squeeze(NamedTuple):
    """How a row squeezes and excites: the squeeze's width is `share` of the channels `of` the block, rounded to 8."""

    share: float
    of: Literal["expansion", "input"]
    gate: Literal["hard_sigmoid", "sigmoid"]


@dataclass(frozen=True)
class Layer:
    """One row of a backbone table.

    A `bneck` row is an inverted residual: 1x1 expansion (left out where `expand` equals the input channels),
    depthwise convolution, squeeze-and-excitation, linear 1x1 projection. A `separable` row is a depthwise and a 1x1
    convolution, both activated. A `conv` row is a plain convolution with batch norm. The `expand` of the last two is 0.
    """

    kind: Literal["conv", "bneck", "separable"]
    kernel: int
    expand: int  # channels inside the bottleneck
    out: int  # channels
    se: Squeeze | None
    act: Literal["relu", "relu6", "hswish"]
    stride: int = 1
    dilation: int = 1  # of the depthwise convolution


Table = tuple[Layer, ...]

SE = Squeeze(1 / 4, "expansion", "hard_sigmoid")  # sections 5.3 and 5.2
SE_MNASNET = Squeeze(1 / 4, "input", "sigmoid")

# Table 1, up to the pooling.
V3_LARGE: Table = (
    Layer("conv", 3, 0, 16, None, "hswish", 2),
    Layer("bneck", 3, 16, 16, None, "relu"),
    Layer("bneck", 3, 64, 24, None, "relu", 2),
    Layer("bneck", 3, 72, 24, None, "relu"),
    Layer("bneck", 5, 72, 40, SE, "relu", 2),
    Layer("bneck", 5, 120, 40, SE, "relu"),
    Layer("bneck", 5, 120, 40, SE, "relu"),
    Layer("bneck", 3, 240, 80, None, "hswish", 2),
    Layer("bneck", 3, 200, 80, None, "hswish"),
    Layer("bneck", 3, 184, 80, None, "hswish"),
    Layer("bneck", 3, 184, 80, None, "hswish"),
    Layer("bneck", 3, 480, 112, SE, "hswish"),
    Layer("bneck", 3, 672, 112, SE, "hswish"),
    Layer("bneck", 5, 672, 160, SE, "hswish", 2),
    Layer("bneck", 5, 960, 160, SE, "hswish"),
    Layer("bneck", 5, 960, 160, SE, "hswish"),
    Layer("conv", 1, 0, 960, None, "hswish"),
)

# Table 2, up to the pooling. The paper ticks SE on the last 1x1 convolution; the authors' code has none there, and
# the parameter counts of the paper's Table 6 hold only without it.
V3_SMALL: Table = (
    Layer("conv", 3, 0, 16, None, "hswish", 2),
    Layer("bneck", 3, 16, 16, SE, "relu", 2),
    Layer("bneck", 3, 72, 24, None, "relu", 2),
    Layer("bneck", 3, 88, 24, None, "relu"),
    Layer("bneck", 5, 96, 40, SE, "hswish", 2),
    Layer("bneck", 5, 240, 40, SE, "hswish"),
    Layer("bneck", 5, 240, 40, SE, "hswish"),
    Layer("bneck", 5, 120, 48, SE, "hswish"),
    Layer("bneck", 5, 144, 48, SE, "hswish"),
    Layer("bneck", 5, 288, 96, SE, "hswish", 2),
    Layer("bneck", 5, 576, 96, SE, "hswish"),
    Layer("bneck", 5, 576, 96, SE, "hswish"),
    Layer("conv", 1, 0, 576, None, "hswish"),
)

# MobileNets (1704.04861), Table 1, up to the pooling; its ReLU is the authors' ReLU6.
V1: Table = (
    Layer("conv", 3, 0, 32, None, "relu6", 2),
    Layer("separable", 3, 0, 64, None, "relu6"),
    Layer("separable", 3, 0, 128, None, "relu6", 2),
    Layer("separable", 3, 0, 128, None, "relu6"),
    Layer("separable", 3, 0, 256, None, "relu6", 2),
    Layer("separable", 3, 0, 256, None, "relu6"),
    Layer("separable", 3, 0, 512, None, "relu6", 2),
    *5 * (Layer("separable", 3, 0, 512, None, "relu6"),),
    Layer("separable", 3, 0, 1024, None, "relu6", 2),
    Layer("separable", 3, 0, 1024, None, "relu6"),
)


def _stage(
    inputs: int,
    kernel: int,
    factor: int,
    out: int,
    rows: int,
    stride: int,
    act: Literal["relu", "relu6"],
    se: Squeeze | None = None,
) -> Table:
    """Bottlenecks as MobileNetV2 and MnasNet print them: expansion by a factor, the stride in the first row."""
    first = Layer("bneck", kernel, factor * inputs, out, se, act, stride)
    return (first, *(rows - 1) * (Layer("bneck", kernel, factor * out, out, se, act),))


# MobileNetV2 (1801.04381), Table 2, up to the pooling.
V2: Table = (
    Layer("conv", 3, 0, 32, None, "relu6", 2),
    *_stage(32, 3, 1, 16, 1, 1, "relu6"),
    *_stage(16, 3, 6, 24, 2, 2, "relu6"),
    *_stage(24, 3, 6, 32, 3, 2, "relu6"),
    *_stage(32, 3, 6, 64, 4, 2, "relu6"),
    *_stage(64, 3, 6, 96, 3, 1, "relu6"),
    *_stage(96, 3, 6, 160, 3, 2, "relu6"),
    *_stage(160, 3, 6, 320, 1, 1, "relu6"),
    Layer("conv", 1, 0, 1280, None, "relu6"),
)

# MnasNet-A1 (1807.11626), Figure 7, up to the pooling. The paper's counts hold with squeezes rounded to multiples of 8.
MNASNET: Table = (
    Layer("conv", 3, 0, 32, None, "relu", 2),
    *_stage(32, 3, 1, 16, 1, 1, "relu"),
    *_stage(16, 3, 6, 24, 2, 2, "relu"),
    *_stage(24, 5, 3, 40, 3, 2, "relu", SE_MNASNET),
    *_stage(40, 3, 6, 80, 4, 2, "relu"),
    *_stage(80, 3, 6, 112, 2, 1, "relu", SE_MNASNET),
    *_stage(112, 5, 6, 160, 3, 2, "relu", SE_MNASNET),
    *_stage(160, 3, 6, 320, 1, 1, "relu"),
    Layer("conv", 1, 0, 1280, None, "relu"),
)

TABLES: dict[str, Table] = {"large": V3_LARGE, "small": V3_SMALL, "v1": V1, "v2": V2, "mnasnet": MNASNET}

# Tables 1 and 2, the layer between pooling and class scores; the other families have none.
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
