"""The network that builds any table and returns named taps."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from torch import Tensor, nn

from mnv3.backbones.ablations import small_kernels, wide_stem, with_hswish, without_se
from mnv3.backbones.blocks import Block, build_row
from mnv3.backbones.convolution import Padding
from mnv3.backbones.edits import halve_tail, scale_width, set_output_stride
from mnv3.backbones.rows import Table, layer_names, named_rows
from mnv3.backbones.tables import TABLES
from mnv3.tools.errors import UserError


class Backbone(nn.Module):
    """The layers of `table` up to the last tap; `forward` returns the taps.

    A tap names a feature map: "stem"; "block13.expand" and "block13.depthwise", both after norm and activation, the
    latter before squeeze-and-excitation; "block13", a block's output; "last", the final 1x1 convolution. Blocks count
    from 1, as in the paper. Layers after the last tap are neither built nor computed.

    `channels` and `strides` (input pixels per step) are by tap; `table` holds the rows that are built; `family` is the
    name of the table before any edit. Raises ValueError for a tap that the table lacks.
    """

    def __init__(self, family: str, table: Table, taps: Sequence[str], *, padding: Padding, bn_momentum: float) -> None:
        super().__init__()
        places = tap_places(table)
        if unknown := [tap for tap in taps if tap not in places]:
            raise ValueError(f"no such taps: {', '.join(unknown)}; the table has {', '.join(places)}")
        self.family = family
        self.taps = tuple(taps)
        self.channels = {tap: places[tap][0] for tap in taps}
        self.strides = {tap: places[tap][1] for tap in taps}
        names = layer_names(table)
        depth = 1 + max(names.index(tap.partition(".")[0]) for tap in taps)
        self.table = table[:depth]
        self.parts = {name: [tap.rpartition(".")[2] for tap in taps if tap.startswith(f"{name}.")] for name in names}
        for name, row, inputs, _ in named_rows(self.table):
            self.add_module(name, build_row(inputs, row, padding, bn_momentum))

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        """images: [N, 3, H, W] RGB in -1..1 -> by tap [N, channels[tap], H / strides[tap], W / strides[tap]]."""
        found = dict.fromkeys(self.taps, x)  # in the order of the taps
        for name, layer in self.named_children():
            if isinstance(layer, Block):
                x, inside = layer(x, self.parts[name])
                found.update((f"{name}.{part}", value) for part, value in inside.items())
            else:
                x = layer(x)
            if name in found:
                found[name] = x
        return found


def tap_places(table: Table) -> dict[str, tuple[int, int]]:
    """Map every tap of a table to its channels and its stride in input pixels."""
    places, stride = {}, 1
    for name, row, _, convs in named_rows(table):
        for conv in convs:
            stride *= conv.stride
            if conv.norm and conv is not convs[-1]:
                places[conv.of(name)] = (conv.outputs, stride)
        places[name] = (row.out, stride)
    return places


def build_backbone(
    name: str,
    *,
    rf2: bool = False,
    rf2_expansion: Literal["keep", "halve"] = "keep",
    width: float = 1.0,
    output_stride: int = 32,
    dilate_at_once: bool = False,
    se: bool = True,
    hswish: bool | int = True,
    max_kernel: int = 5,
    stem: int | None = None,
    padding: Padding = "symmetric",
    taps: Sequence[str],
    bn_momentum: float = 0.03,
) -> Backbone:
    """Build a backbone of a family (a key of `TABLES`) with the paper's edits of its table (`edited_table`).

    Find tap names such as the first stride-32 block's in the unedited table `TABLES[name]` (see
    `backbones.edits.first_expansion`). `padding` is PyTorch's "symmetric" or TensorFlow's "same". bn_momentum 0.03 is
    from the authors' detection configs (their decay 0.97).
    """
    if name not in TABLES:
        raise UserError(f"backbone {name!r} is unknown; there are {', '.join(TABLES)}")
    table = edited_table(
        TABLES[name],
        rf2=rf2,
        rf2_expansion=rf2_expansion,
        width=width,
        output_stride=output_stride,
        dilate_at_once=dilate_at_once,
        se=se,
        hswish=hswish,
        max_kernel=max_kernel,
        stem=stem,
    )
    return Backbone(name, table, taps, padding=padding, bn_momentum=bn_momentum)


def edited_table(
    table: Table,
    *,
    rf2: bool = False,
    rf2_expansion: Literal["keep", "halve"] = "keep",
    width: float = 1.0,
    output_stride: int = 32,
    dilate_at_once: bool = False,
    se: bool = True,
    hswish: bool | int = True,
    max_kernel: int = 5,
    stem: int | None = None,
) -> Table:
    """Return a family's table with the paper's edits.

    `rf2` halves the tail, `rf2_expansion` decides how (`halve_tail`); `output_stride` and `dilate_at_once` are those of
    `set_output_stride`; `se`, `hswish` (a number for the paper's h-swish@N), `max_kernel` (5 or 3) and `stem` (its
    filters at width 1) remove or change what MobileNetV3 added (`backbones.ablations`).
    """
    table = with_hswish(table, hswish)
    table = table if stem is None else wide_stem(table, stem)
    if rf2:
        table = halve_tail(table, rf2_expansion)
    table = table if se else without_se(table)
    table = small_kernels(table, max_kernel)
    return set_output_stride(scale_width(table, width), output_stride, dilate_at_once)


def backbone_options(section: Mapping[str, Any]) -> dict[str, Any]:
    """Return the keyword arguments of a task's builder from a configuration's `backbone` section.

    Keys missing from an older configuration get their defaults.
    """
    return {
        "backbone": section["name"],
        "rf2": section["rf2"],
        "width": section["width"],
        "se": section.get("se", True),
        "hswish": section.get("hswish", True),
        "max_kernel": section.get("max_kernel", 5),
        "stem": section.get("stem"),
        "padding": section["padding"],
    }
