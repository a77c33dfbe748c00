"""Convert the authors' TensorFlow variables and torchvision's LR-ASPP to mnv3 state dicts."""

from collections.abc import Mapping

import numpy as np
from torch import Tensor

from mnv3.backbones.names.slim import GATE_RATIO, from_slim, slim_layer
from mnv3.backbones.names.torchvision import from_torchvision as backbone_from_torchvision
from mnv3.lraspp.model.heads import Head
from mnv3.lraspp.model.segmenter import Segmenter

# Layers of our heads -> the authors' scopes.
LITE_SCOPES = {
    "features": "aspp0",
    "gate": "image_pooling",
    "classes": "decoder/decoder_conv0",
    "skip": "decoder/feature_projection0",
}
SCOPES = {
    "pooled": "image_pooling",
    "features": "aspp0",
    "mix": "concat_projection",
    "classes": "logits/semantic",
}

# torchvision's layers -> those of `LiteHead`.
TORCHVISION_LAYERS = {
    "cbr.0": "features.conv",
    "cbr.1": "features.norm",
    "scale.1": "gate",
    "high_classifier": "classes",
    "low_classifier": "skip",
}


def from_tensorflow(variables: Mapping[str, np.ndarray], segmenter: Segmenter) -> dict[str, Tensor]:
    """Convert variables of the authors' DeepLab, by name, to a state dict of `segmenter`.

    The authors' released models (frozen graphs) have a hard sigmoid in the gate: build the segmenter with it.
    """
    backbone = from_slim(variables, segmenter.backbone)
    state = {f"backbone.{key}": value for key, value in backbone.items()}
    lite = not isinstance(segmenter.head, Head)
    for layer, scope in (LITE_SCOPES if lite else SCOPES).items():
        state |= {f"head.{layer}.{key}": value for key, value in slim_layer(variables, scope).items()}
    if lite and segmenter.head.hard_gate:
        state["head.classes.weight"] *= GATE_RATIO  # exact, because gated features are only classified
    return state


def from_torchvision(entries: Mapping[str, Tensor], segmenter: Segmenter) -> dict[str, Tensor]:
    """Convert torchvision's lraspp_mobilenet_v3_large to a state dict of `segmenter`, of preset "torchvision"."""
    backbone = backbone_from_torchvision(torchvision_features(entries), segmenter.backbone.table)
    state = {f"backbone.{name}": value for name, value in backbone.items()}
    for name, value in entries.items():
        layer, _, kind = name.removeprefix("classifier.").rpartition(".")
        if layer in TORCHVISION_LAYERS:
            state[f"head.{TORCHVISION_LAYERS[layer]}.{kind}"] = value
    return state


def torchvision_features(entries: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Rename the backbone of torchvision's LR-ASPP as in its classifiers: "features.4.block.0.0.weight"."""
    return {f"features.{name[9:]}": value for name, value in entries.items() if name.startswith("backbone.")}
