"""Build the classifier of any backbone."""

from dataclasses import replace
from typing import Literal, get_args

from mnv3.backbones.classify.network import DROPOUT, Classifier
from mnv3.backbones.convolution import Padding
from mnv3.backbones.network import Backbone, edited_table
from mnv3.backbones.rows import Layer, Table, layer_names, make_divisible
from mnv3.backbones.tables import FAMILIES
from mnv3.tools.errors import UserError

LastStage = Literal["efficient", "original"]

BN_MOMENTUM = 0.01  # section 6.1.1: a decay of 0.99
ORIGINAL = "large"
"""The family whose original last stage Figure 5 shows."""
GROWS = "v2"
"""The family whose last layer the authors widen above width 1; those of V3 and MnasNet have 1280 (or 1024) at any."""


def build_classifier(
    backbone: str,
    *,
    num_classes: int = 1000,
    last_stage: LastStage = "efficient",
    dropout: float = DROPOUT,
    rf2: bool = False,
    width: float = 1.0,
    se: bool = True,
    hswish: bool | int = True,
    max_kernel: int = 5,
    stem: int | None = None,
    padding: Padding = "symmetric",
) -> Classifier:
    """Build the classifier of a family (a key of `FAMILIES`), for images of any size.

    `last_stage` "original" is that of the paper's Figure 5, before the pooling was moved forward; only for `ORIGINAL`.
    The other options edit the table, see `backbones.network.edited_table`. The layer before the class scores is never
    narrower than at `width` 1, as in the authors' code. Raises UserError for unknown names and values.
    """
    _check(backbone, num_classes, last_stage, dropout)
    family = FAMILIES[backbone]
    hidden = family.classifier_width
    whole = family.table
    if last_stage == "original" and hidden:
        whole, hidden = _original_last_stage(whole, hidden), None
    table = edited_table(whole, rf2=rf2, width=width, se=se, hswish=hswish, max_kernel=max_kernel, stem=stem)
    if hidden is None:
        table = _full_last_layer(table, whole, max(1.0, width) if backbone == GROWS else 1.0)
    network = Backbone(backbone, table, [layer_names(table)[-1]], padding=padding, bn_momentum=BN_MOMENTUM)
    return Classifier(network, num_classes, hidden, dropout)


def _original_last_stage(table: Table, width: int) -> Table:
    """Return the table with the last stage that Figure 5 calls original, MobileNetV2's: the last convolution becomes
    the expansion of a bottleneck, and the layer of `width` channels, here 1280, comes before the pooling."""
    *rows, last = table
    block = Layer("bneck", 3, last.out, 2 * rows[-1].out, None, last.act)
    return (*rows, block, replace(last, out=width))


def _full_last_layer(table: Table, whole: Table, width: float) -> Table:
    """Return the table with a last convolution of `width` times that in `whole`, the table before it was scaled."""
    if whole[-1].kind != "conv":  # V1 ends in a block
        return table
    return (*table[:-1], replace(table[-1], out=make_divisible(whole[-1].out * width)))


def _check(backbone: str, num_classes: int, last_stage: str, dropout: float) -> None:
    problems = []
    if backbone not in FAMILIES:
        problems.append(f"backbone.name: {backbone!r} is unknown; there are {', '.join(FAMILIES)}")
    if last_stage not in get_args(LastStage):
        problems.append(f"task.last_stage: {last_stage!r} is unknown; there are {', '.join(get_args(LastStage))}")
    elif last_stage == "original" and backbone != ORIGINAL:
        problems.append(f"task.last_stage=original: Figure 5 shows it for {ORIGINAL} only, not for {backbone}")
    if num_classes < 1:
        problems.append(f"a classifier needs at least 1 class, not {num_classes}")
    if not 0 <= dropout < 1:
        problems.append(f"dropout is {dropout}; it can be from 0 to less than 1")
    if problems:
        raise UserError(*problems)
