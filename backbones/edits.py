"""The paper's tricks as edits of a table: each takes a table and returns a new one."""

from dataclasses import replace
from typing import Literal

from mnv3.backbones.rows import Layer, Table, layer_names, make_divisible, named_rows, strides
from mnv3.tools.errors import UserError


def scale_width(table: Table, width: float) -> Table:
    """Multiply all channels by `width`, rounded to multiples of 8; expansions keep their ratio to the block's input.

    This is the authors' rule. torchvision scales the expansion itself, which rounds differently in places.
    """
    if width <= 0:
        raise UserError(f"backbone width is {width}; give a factor above 0, e.g. 0.5")
    rows, before, channels = [], 3, 3  # input channels of the row: unscaled, scaled
    for row in table:
        expand = make_divisible(row.expand / before * channels) if row.expand else 0
        before, channels = row.out, make_divisible(row.out * width)
        rows.append(replace(row, expand=expand, out=channels))
    return tuple(rows)


def halve_tail(table: Table, first_expansion: Literal["keep", "halve"]) -> Table:
    """RF2 (the paper's dagger): halve the channels from the first stride-32 block up to and including the last layer.

    Detection keeps that block's expansion, its stride-16 feature map (Table 6); segmentation halves it (Table 7).
    """
    first = _first_reaching(table, 32)

    def halve(index: int, row: Layer) -> Layer:
        keep = index == first and first_expansion == "keep"
        return replace(row, expand=row.expand if keep else row.expand // 2, out=row.out // 2)

    return tuple(halve(i, row) if i >= first else row for i, row in enumerate(table))


def set_output_stride(table: Table, output_stride: int, dilate_at_once: bool = False) -> Table:
    """Replace strides beyond `output_stride` by dilation, by the authors' rule.

    A block that loses its stride keeps the current dilation; only later blocks multiply it. `dilate_at_once` is
    torchvision's rule (its `dilated=True`): that block multiplies it as well.
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
    """Return the tap of the expansion in the first block that reaches `stride`: C4 of SSDLite at 32 (section 6.3).

    For a block without expansion (MobileNetV1) it is the output of the previous layer, which is also what the
    depthwise convolution reads. `table` must have all its strides, as before `set_output_stride`.
    """
    index = _first_reaching(table, stride)
    names = layer_names(table)
    return f"{names[index]}.expand" if table[index].expand else names[index - 1]


def first_block(table: Table, stride: int) -> str:
    """Return the output tap of the first block that reaches `stride`: at 8, torchvision's skip of LR-ASPP.

    `table` must have all its strides, as before `set_output_stride`.
    """
    return layer_names(table)[_first_reaching(table, stride)]


def last_block(table: Table) -> str:
    """Return the output tap of the last block, before the last convolution of families that have one."""
    return next(name for name in reversed(layer_names(table)) if name.startswith("block"))


def last_depthwise(table: Table, stride: int = 8) -> str:
    """Return the tap of the last depthwise convolution at `stride`: at 8, the skip of LR-ASPP (section 6.4).

    `table` must have all its strides, as before `set_output_stride`.
    """
    there = [row for row, reached in zip(named_rows(table), strides(table), strict=True) if reached == stride]
    return [conv.of(row.name) for row in there for conv in row.convs if conv.groups > 1][-1]


def _first_reaching(table: Table, stride: int) -> int:
    """Return the index of the first block whose output has `stride`."""
    return next(
        i for i, (row, s) in enumerate(zip(table, strides(table), strict=True)) if row.kind != "conv" and s == stride
    )
