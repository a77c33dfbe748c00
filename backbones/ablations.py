"""What MobileNetV3 added, taken away again, as edits of a table.

All three together are the authors' "minimalistic" networks, for hardware that is slow at what is taken away.
"""

from dataclasses import replace

from mnv3.backbones.rows import Table
from mnv3.tools.errors import UserError


def without_se(table: Table) -> Table:
    """No squeeze-and-excitation."""
    return tuple(replace(row, se=None) for row in table)


def relu_only(table: Table) -> Table:
    """ReLU where h-swish is."""
    return tuple(replace(row, act="relu" if row.act == "hswish" else row.act) for row in table)


def small_kernels(table: Table, largest: int) -> Table:
    """No kernel above `largest`. Raises UserError unless that is 3 or 5."""
    if largest not in (3, 5):
        raise UserError(f"backbone.max_kernel is {largest}; it can be 3 or 5")
    return tuple(replace(row, kernel=min(row.kernel, largest)) for row in table)
