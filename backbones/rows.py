"""Rows of a backbone's table, and their convolutions."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple

Activation = Literal["relu", "relu6", "hswish", "none"]


class Squeeze(NamedTuple):
    """Squeeze-and-excitation of a row: the squeeze's width is `share` of the channels `of`, rounded to 8."""

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


class Conv(NamedTuple):
    """One convolution of a row.

    `part` is its name inside the block, "" if it is the whole row. The two of squeeze-and-excitation, "se.squeeze"
    and "se.excite", have a bias instead of a `norm` and compute a single pixel.
    """

    part: str
    inputs: int
    outputs: int
    kernel: int = 1
    stride: int = 1
    dilation: int = 1
    groups: int = 1
    act: Activation = "none"
    norm: bool = True

    def of(self, row: str) -> str:
        """Return the layer's name in a state dict; `row` is the name of its row."""
        return f"{row}.{self.part}" if self.part else row


def convolutions(row: Layer, inputs: int) -> tuple[Conv, ...]:
    """Return the convolutions of a row with `inputs` input channels, in order of computation.

    Only this function knows the kinds of rows: code that builds, counts, names or cuts a row loops over its result.
    """
    match row.kind:
        case "conv":
            return (Conv("", inputs, row.out, row.kernel, row.stride, act=row.act),)
        case "separable":
            return (_depthwise(row, inputs), Conv("pointwise", inputs, row.out, act=row.act))
        case "bneck":
            expansion = () if row.expand == inputs else (Conv("expand", inputs, row.expand, act=row.act),)
            project = Conv("project", row.expand, row.out)
            return (*expansion, _depthwise(row, row.expand), *_squeeze_excite(row, inputs), project)


def _depthwise(row: Layer, channels: int) -> Conv:
    return Conv("depthwise", channels, channels, row.kernel, row.stride, row.dilation, channels, row.act)


def _squeeze_excite(row: Layer, inputs: int) -> tuple[Conv, ...]:
    width = squeeze_width(row, inputs)
    squeeze = Conv("se.squeeze", row.expand, width, norm=False)
    return (squeeze, Conv("se.excite", width, row.expand, norm=False)) if row.se else ()


def has_shortcut(row: Layer, inputs: int) -> bool:
    """Whether a row with `inputs` input channels has a shortcut: it ends in a linear convolution and shapes match."""
    return convolutions(row, inputs)[-1].act == "none" and row.stride == 1 and inputs == row.out


def squeeze_width(row: Layer, inputs: int) -> int:
    """Return the channels of the squeeze of a row with `inputs` input channels; 0 without one."""
    if row.se is None:
        return 0
    return make_divisible(row.se.share * (row.expand if row.se.of == "expansion" else inputs))


def make_divisible(value: float, divisor: int = 8) -> int:
    """Round to a multiple of `divisor`, at least one, and never to less than 90 % of `value` (MobileNetV2 code)."""
    rounded = max(divisor, int(value + divisor / 2) // divisor * divisor)
    return rounded if rounded >= 0.9 * value else rounded + divisor


def layer_names(table: Table) -> tuple[str, ...]:
    """Name every row: "stem", then "block1", "block2", ... as the paper counts its bottlenecks, then "last"."""
    blocks = [row.kind != "conv" for row in table]
    return tuple(
        f"block{sum(blocks[: i + 1])}" if is_block else ("last" if i else "stem") for i, is_block in enumerate(blocks)
    )


class NamedRow(NamedTuple):
    """A row with its name, its input channels and its convolutions."""

    name: str
    row: Layer
    inputs: int
    convs: tuple[Conv, ...]


def named_rows(table: Table) -> Iterator[NamedRow]:
    """Yield every row of a table as a `NamedRow`."""
    inputs = 3
    for name, row in zip(layer_names(table), table, strict=True):
        yield NamedRow(name, row, inputs, convolutions(row, inputs))
        inputs = row.out


def strides(table: Table) -> tuple[int, ...]:
    """Return the stride of every row's output relative to the image."""
    result, stride = [], 1
    for row in table:
        stride *= row.stride
        result.append(stride)
    return tuple(result)
