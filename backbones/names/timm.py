"""Convert timm's mobilenetv1, mobilenetv2, semnasnet and mobilenetv3 state dicts to mnv3's."""

from collections.abc import Mapping

from torch import Tensor

from mnv3.backbones.names.torchvision import rename, with_our_epsilon
from mnv3.backbones.rows import Conv, named_rows
from mnv3.backbones.tables import FAMILIES, TABLES

TIMM_EPSILON = 1e-5  # of batch norms in timm's networks; those called "tf_..." have ours
SE = {"se.squeeze": "se.conv_reduce", "se.excite": "se.conv_expand"}


def timm_names(family: str) -> dict[str, str]:
    """Map mnv3's layers to timm's modules: "block4.project.conv" -> "blocks.2.0.conv_pwl"; some do not exist.

    timm's stages begin where the channels of the unscaled table change.
    """
    has_hidden = FAMILIES[family].classifier_width is not None  # then timm's "head" is the hidden layer
    names, stage, step = {"stem.conv": "conv_stem", "stem.norm": "bn1"}, -1, 0
    for name, row, inputs, convs in list(named_rows(TABLES[family]))[1:]:
        stage, step = (stage, step + 1) if stage >= 0 and row.out == inputs else (stage + 1, 0)
        theirs = f"blocks.{stage}.{step}"
        if len(convs) > 1:
            names |= _block(name, theirs, convs)
        elif has_hidden:
            names |= {f"{name}.conv": f"{theirs}.conv", f"{name}.norm": f"{theirs}.bn1"}
        else:
            names |= {f"{name}.conv": "conv_head", f"{name}.norm": "bn2"}
    return names


def _block(name: str, theirs: str, convs: tuple[Conv, ...]) -> dict[str, str]:
    names, norms, pointwise = {}, 0, iter(("conv_pw", "conv_pwl"))
    for conv in convs:
        ours = conv.of(name)
        if conv.norm:
            norms += 1
            module = "conv_dw" if conv.groups > 1 else next(pointwise)
            names |= {f"{ours}.conv": f"{theirs}.{module}", f"{ours}.norm": f"{theirs}.bn{norms}"}
        else:
            names[ours] = f"{theirs}.{SE[conv.part]}"
    return names


def from_timm(state: Mapping[str, Tensor], family: str, epsilon: float = TIMM_EPSILON) -> dict[str, Tensor]:
    """Convert a timm state dict, whose batch norms have `epsilon`, to a `Backbone` of `family`."""
    return with_our_epsilon(rename(state, timm_names(family)), epsilon)
