"""Other projects' names of a classifier's head: its hidden layer and its class scores."""

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from mnv3.backbones.names.origin import SLIM, STEM, TIMM
from mnv3.backbones.names.slim import slim_layer
from mnv3.backbones.tables import FAMILIES

IN_BACKBONE = "backbone."
"""Prefix of the backbone's entries in a `Classifier`."""


def head_in_our_names(entries: Mapping[str, Any], family: str) -> dict[str, Tensor]:
    """Return the head of a classifier of `family` ("hidden.weight", "scores.bias", ...) from mnv3's entries, slim's,
    timm's or torchvision's; layers that the file lacks are missing."""
    if (inside := next((name for name in entries if name.endswith(STEM)), None)) is not None:
        prefix = inside.removesuffix(STEM).removesuffix(IN_BACKBONE)
        return _layers(entries, {"hidden": f"{prefix}hidden", "scores": f"{prefix}scores"})
    if (inside := next((name for name in entries if SLIM in name), None)) is not None:
        return _from_slim(entries, family, inside.partition(SLIM)[0])
    has_hidden = FAMILIES[family].classifier_width is not None
    if TIMM in entries:
        names = {"scores": "classifier"}
        return _layers(entries, {**names, "hidden": "conv_head"} if has_hidden else names)
    names = {"hidden": "classifier.0", "scores": "classifier.3"} if has_hidden else {"scores": "classifier.1"}
    return _layers(entries, names)


def _from_slim(entries: Mapping[str, Any], family: str, prefix: str) -> dict[str, Tensor]:
    scope = f"{prefix}{FAMILIES[family].slim}"
    state = {}
    for ours, theirs in (("hidden", "Conv_2"), ("scores", "Logits/Conv2d_1c_1x1")):
        state |= {f"{ours}.{kind}": _flat(value) for kind, value in slim_layer(entries, f"{scope}/{theirs}").items()}
    return state


def _layers(entries: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Tensor]:
    """Return the weights and biases of the layers `names`, ours -> theirs; 1x1 convolutions as linear layers."""
    found = ((f"{ours}.{kind}", f"{theirs}.{kind}") for ours, theirs in names.items() for kind in ("weight", "bias"))
    return {ours: _flat(entries[theirs]) for ours, theirs in found if isinstance(entries.get(theirs), Tensor)}


def _flat(value: Tensor) -> Tensor:
    return value.flatten(1) if value.ndim == 4 else value
