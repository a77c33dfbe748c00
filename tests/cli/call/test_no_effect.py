"""Options of the network that change nothing are told, others not."""

import pytest

from mnv3.cli.call.composing import composer
from mnv3.cli.call.no_effect import warnings

SILENT = [
    "task=lraspp task.skip=false",
    "task=lraspp task.gate=none",
    "backbone=large backbone.se=false backbone.hswish=false backbone.max_kernel=3",
    "backbone=mnasnet backbone.se=false backbone.max_kernel=3",
]
TOLD = {
    "task=lraspp task.head=raspp task.skip=false": "task.skip has no effect: R-ASPP has no skip.",
    "task=lraspp task.gate=none task.pool=global": "task.pool has no effect: without a gate nothing is pooled.",
    "backbone=v2 backbone.se=false": "backbone.se has no effect: that backbone has none.",
    "backbone=mnasnet backbone.hswish=false": "backbone.hswish has no effect: that backbone has none.",
    "backbone=v1 backbone.max_kernel=3": "backbone.max_kernel has no effect: its kernels are all 3x3.",
}


@pytest.mark.parametrize("call", [*SILENT, *TOLD])
def test_options_of_the_network(call: str) -> None:
    overrides = call.split()
    with composer("train") as compose:
        assert warnings(compose(overrides), overrides) == ([TOLD[call]] if call in TOLD else [])
