"""timm's state dicts as state dicts of ours: of its mobilenetv1, mobilenetv2, semnasnet and mobilenetv3 networks."""

from collections.abc import Mapping

from torch import Tensor

from mnv3.backbones.names.torchvision import rename, with_our_epsilon
from mnv3.backbones.tables import TABLES, Layer, layer_names

TIMM_EPSILON = 1e-5  # of the batch norms in its networks but those whose names begin with "tf_", which have ours
SE = {"se.squeeze": "se.conv_reduce", "se.excite": "se.conv_expand"}
PARTS = {
    "expanded": {
        "expand.conv": "conv_pw",
        "expand.norm": "bn1",
        "depthwise.conv": "conv_dw",
        "depthwise.norm": "bn2",
        **SE,
        "project.conv": "conv_pwl",
        "project.norm": "bn3",
    },
    "bneck": {
        "depthwise.conv": "conv_dw",
        "depthwise.norm": "bn1",
        **SE,
        "project.conv": "conv_pw",
        "project.norm": "bn2",
    },
    "separable": {
        "depthwise.conv": "conv_dw",
        "depthwise.norm": "bn1",
        "pointwise.conv": "conv_pw",
        "pointwise.norm": "bn2",
    },
}
"""Parts of a block -> timm's modules: bottlenecks with and without an expansion, separable convolutions."""


def timm_names(family: str) -> dict[str, str]:
    """Layer of our state dict -> timm's module: "block4.project.conv" -> "blocks.2.0.conv_pwl"; some do not exist.

    Its stages begin where the channels of the unscaled table change.
    """
    table = TABLES[family]
    names, stage, step, before = {}, -1, 0, None
    for name, row in zip(layer_names(table), table, strict=True):
        if before is None:
            names |= {"stem.conv": "conv_stem", "stem.norm": "bn1"}
        else:
            stage, step = (stage, step + 1) if stage >= 0 and row.out == before.out else (stage + 1, 0)
            names |= _row(name, f"blocks.{stage}.{step}", row, before.out, family)
        before = row
    return names


def _row(name: str, theirs: str, row: Layer, inputs: int, family: str) -> dict[str, str]:
    if row.kind == "conv":
        if family in ("large", "small"):  # the last stage; in the others the head's
            return {f"{name}.conv": f"{theirs}.conv", f"{name}.norm": f"{theirs}.bn1"}
        return {f"{name}.conv": "conv_head", f"{name}.norm": "bn2"}
    kind = "expanded" if row.kind == "bneck" and row.expand != inputs else row.kind
    return {f"{name}.{ours}": f"{theirs}.{module}" for ours, module in PARTS[kind].items()}


def from_timm(state: Mapping[str, Tensor], family: str, epsilon: float = TIMM_EPSILON) -> dict[str, Tensor]:
    """State dict of a `Backbone` of `family` from one of timm's, whose batch norms have `epsilon`."""
    return with_our_epsilon(rename(state, timm_names(family)), epsilon)
