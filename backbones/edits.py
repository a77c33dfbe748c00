"""The paper's tricks as edits of a table: each takes a table and returns a new one."""

from dataclasses import replace
from typing import Literal

from mnv3.backbones.rows import Layer, Table, layer_names, make_divisible, named_rows, strides
from mnv3.tools.errors import UserError


def scale_width(table: Table, width: float) -> Table:
    """Multiply all channels by `width`, rounded to multiples of 8; expansions keep their ratio to the block's input.

    That is the authors' rule. torchvision scales the expansion itself, which differs where rounding strikes.
    """
    if width <= 0:
        raise UserError(f"backbone width is {width}; give a factor above 0, e.g. 0.5")
    rows, before, channels = [], 3, 3  # channels that enter the row: unscaled, scaled
    for row in table:
        expand = make_divisible(row.expand / before * channels) if row.expand else 0
        before, channels = row.out, make_divisible(row.out * width)
        rows.append(replace(row, expand=expand, out=channels))
    return tuple(rows)


def halve_tail(table: Table, first_expansion: Literal["keep", "halve"]) -> Table:
    """RF2, the paper's dagger: halve the channels from the first stride-32 block on, the last convolution included.

    That block's own expansion is kept in detection, where it is the stride-16 feature map (Table 6), and halved in
    segmentation (Table 7).
    """
    first = _first_reaching(table, 32)

    def halve(index: int, row: Layer) -> Layer:
        keep = index == first and first_expansion == "keep"
        return replace(row, expand=row.expand if keep else row.expand // 2, out=row.out // 2)

    return tuple(halve(i, row) if i >= first else row for i, row in enumerate(table))


def set_output_stride(table: Table, output_stride: int, dilate_at_once: bool = False) -> Table:
    """Remove strides beyond `output_stride` and dilate instead, by the authors' rule.

    A block that loses its stride keeps the dilation so far; only later ones take the product. `dilate_at_once` is
    torchvision's rule (its `dilated=True`): that block takes the product as well.
    """
    if output_stride not in (8, 16, 32):
        raise UserError(f"backbone output stride is {output_stride}; it can be 8, 16 or 32")
    rows, stride, dilation = [], 1, 1
    for row in table:
        if stride < output_stride:
            stride *= row.stride
            rows.append(row)
        else:
            before, dilation = dilation, dilation * row.stride
            chosen = dilation if dilate_at_once else before
            rows.append(replace(row, stride=1, dilation=chosen if row.kernel > 1 else 1))
    return tuple(rows)


def first_expansion(table: Table, stride: int = 32) -> str:
    """Tap of the expansion in the first block that reaches `stride`: C4 of SSDLite at 32 (section 6.3).

    A block without expansion, of MobileNetV1, has the output of the layer before instead: what enters its depthwise
    convolution, too. The table is to be one with all its strides, that is before `set_output_stride`.
    """
    index = _first_reaching(table, stride)
    names = layer_names(table)
    return f"{names[index]}.expand" if table[index].expand else names[index - 1]


def first_block(table: Table, stride: int) -> str:
    """Tap of the output of the first block that reaches `stride`; torchvision's skip of LR-ASPP at 8.

    The table is to be one with all its strides, that is before `set_output_stride`.
    """
    return layer_names(table)[_first_reaching(table, stride)]


def last_block(table: Table) -> str:
    """Tap of the output of the last block, before the last convolution of families that have one."""
    return next(name for name in reversed(layer_names(table)) if name.startswith("block"))


def last_depthwise(table: Table, stride: int = 8) -> str:
    """Tap of the last depthwise convolution at `stride`: the skip of LR-ASPP at 8 (section 6.4).

    The table is to be one with all its strides, that is before `set_output_stride`.
    """
    there = [row for row, reached in zip(named_rows(table), strides(table), strict=True) if reached == stride]
    return [conv.of(row.name) for row in there for conv in row.convs if conv.groups > 1][-1]


def _first_reaching(table: Table, stride: int) -> int:
    """Index of the first block whose output has `stride`."""
    return next(
        i for i, (row, s) in enumerate(zip(table, strides(table), strict=True)) if row.kind != "conv" and s == stride
    )
