"""Edits of a table that remove or change what MobileNetV3 added.

Without squeeze-and-excitation, h-swish and 5x5 kernels they are the authors' "minimalistic" networks, for hardware on
which these operations are slow.
"""

from dataclasses import replace

from mnv3.backbones.rows import Table
from mnv3.tools.errors import UserError


def without_se(table: Table) -> Table:
    """Remove squeeze-and-excitation."""
    return tuple(replace(row, se=None) for row in table)


def with_hswish(table: Table, hswish: bool | int) -> Table:
    """Keep h-swish (True), replace it by ReLU (False), or apply the paper's h-swish@N (Table 5).

    With a number N, the first block with at least N output channels and all layers after it have h-swish, the blocks
    before it ReLU. The stem keeps its h-swish, as in Table 1, which is h-swish@80. N counts channels at width 1.

    Raises UserError for a number if the family has no h-swish, or no layer with so many channels.
    """
    if hswish is True:
        return table
    if hswish is False:
        return tuple(replace(row, act="relu" if row.act == "hswish" else row.act) for row in table)
    if all(row.act != "hswish" for row in table):
        raise UserError(f"backbone.hswish={hswish}: this family has no h-swish; leave the key out")
    stem, *rows = table
    first = next((number for number, row in enumerate(rows) if row.out >= hswish), None)
    if first is None or hswish < 1:
        most = max(row.out for row in rows)
        raise UserError(f"backbone.hswish={hswish}: give 1 to {most} channels, or false for ReLU in all layers")
    return (stem, *(replace(row, act="relu" if number < first else "hswish") for number, row in enumerate(rows)))


def keeps_hswish(table: Table, hswish: bool | int) -> bool:
    """Whether `hswish` leaves the family's own activations, as @80 does in Large."""
    return hswish is True or (hswish is not False and with_hswish(table, hswish) == table)


def wide_stem(table: Table, filters: int) -> Table:
    """Give the stem `filters`, as many to the depthwise convolution after it. MobileNetV3 halved them: they were 32."""
    if filters < 1:
        raise UserError(f"the stem needs at least 1 filter, not {filters}; MobileNetV3 has 16, earlier networks 32")
    stem, first, *rows = table
    expand = filters if first.expand == stem.out else first.expand
    return (replace(stem, out=filters), replace(first, expand=expand), *rows)


def small_kernels(table: Table, largest: int) -> Table:
    """Limit kernels to `largest`. Raises UserError unless that is 3 or 5."""
    if largest not in (3, 5):
        raise UserError(f"backbone.max_kernel is {largest}; it can be 3 or 5")
    return tuple(replace(row, kernel=min(row.kernel, largest)) for row in table)
