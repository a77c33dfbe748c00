"""Edits of a table that remove what MobileNetV3 added.

All three together give the authors' "minimalistic" networks, for hardware on which these operations are slow.
"""

from dataclasses import replace

from mnv3.backbones.rows import Table
from mnv3.tools.errors import UserError


def without_se(table: Table) -> Table:
    """Remove squeeze-and-excitation."""
    return tuple(replace(row, se=None) for row in table)


def relu_only(table: Table) -> Table:
    """Replace h-swish by ReLU."""
    return tuple(replace(row, act="relu" if row.act == "hswish" else row.act) for row in table)


def small_kernels(table: Table, largest: int) -> Table:
    """Limit kernels to `largest`. Raises UserError unless that is 3 or 5."""
    if largest not in (3, 5):
        raise UserError(f"backbone.max_kernel is {largest}; it can be 3 or 5")
    return tuple(replace(row, kernel=min(row.kernel, largest)) for row in table)
