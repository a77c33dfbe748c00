"""Convert the authors' TensorFlow variables and torchvision's SSDLite to mnv3 state dicts."""

from collections.abc import Iterable, Mapping
from typing import cast

import numpy as np
from torch import Tensor

from mnv3.backbones.names.slim import from_slim, slim_endpoint, slim_layer
from mnv3.backbones.names.torchvision import from_torchvision as backbone_from_torchvision
from mnv3.backbones.tables import FAMILIES
from mnv3.ssdlite.model.detector import Detector
from mnv3.ssdlite.model.head import Extra

YX_TO_XY = [1, 0, 3, 2]  # the authors' codes are (ty, tx, th, tw), also in channel order


def from_tensorflow(variables: Mapping[str, np.ndarray], detector: Detector) -> dict[str, Tensor]:
    """Convert the variables of an SSDLite of the TensorFlow Object Detection API to a state dict of `detector`."""
    backbone = detector.backbone
    scope = f"FeatureExtractor/{FAMILIES[backbone.family].slim}"
    state = {f"backbone.{key}": value for key, value in from_slim(variables, backbone, scope).items()}
    prefix = f"{scope}/{slim_endpoint(backbone)}"
    scopes = {}
    for level, extra in enumerate(cast("Iterable[Extra]", detector.extras)):
        inside, outputs = extra.inside, extra.channels
        last = f"{prefix}_2_Conv2d_{level + 2}_3x3_s2_{outputs}"
        scopes[f"extras.{level}.reduce"] = f"{prefix}_1_Conv2d_{level + 2}_1x1_{inside}"
        scopes[f"extras.{level}.depthwise"] = f"{last}_depthwise"
        scopes[f"extras.{level}.expand"] = last
    for level in range(len(detector.head.boxes)):
        for ours, theirs in (("boxes", "BoxEncodingPredictor"), ("classes", "ClassPredictor")):
            scopes[f"head.{ours}.{level}.depthwise"] = f"BoxPredictor_{level}/{theirs}_depthwise"
            scopes[f"head.{ours}.{level}.predict"] = f"BoxPredictor_{level}/{theirs}"
    for layer, scope in scopes.items():
        state |= {f"{layer}.{key}": value for key, value in slim_layer(variables, scope).items()}
    for key in state:
        if key.startswith("head.boxes") and ".predict." in key:
            state[key] = _swap_axes(state[key])
    return state


def from_torchvision(entries: Mapping[str, Tensor], detector: Detector) -> dict[str, Tensor]:
    """Convert torchvision's ssdlite320_mobilenet_v3_large to a state dict of `detector`, of preset "torchvision"."""
    features, state = torchvision_features(entries), {}
    for name, value in entries.items():
        match name.split("."):
            case ["backbone", "extra", level, part, kind, entry]:
                layer = ("reduce", "depthwise", "expand")[int(part)]
                state[f"extras.{level}.{layer}.{_CONV_NORM[kind]}.{entry}"] = value
            case ["head", head, "module_list", level, "0", kind, entry]:
                state[f"head.{_HEADS[head]}.{level}.depthwise.{_CONV_NORM[kind]}.{entry}"] = value
            case ["head", head, "module_list", level, "1", entry]:
                state[f"head.{_HEADS[head]}.{level}.predict.{entry}"] = value
    backbone = backbone_from_torchvision(features, detector.backbone.table)
    return {**{f"backbone.{name}": value for name, value in backbone.items()}, **state}


def torchvision_features(entries: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Rename the backbone of torchvision's SSDLite as in its classifiers: "features.4.block.0.0.weight".

    It has two halves, cut after a block's expansion: [layers before, expansion], [rest of the block, layers after].
    """
    parts = [(name.split(".")[2:], value) for name, value in entries.items() if name.startswith("backbone.features.")]
    split = max((int(part[1]) for part, _ in parts if part[0] == "0"), default=0)
    features = {}
    for (half, index, *rest), value in parts:
        if half == "0":
            place = [index] if int(index) < split else [index, "block", "0"]
        else:
            place = [str(split), "block"] if index == "0" else [str(split + int(index))]
        features[".".join(("features", *place, *rest))] = value
    return features


_CONV_NORM = {"0": "conv", "1": "norm"}
_HEADS = {"regression_head": "boxes", "classification_head": "classes"}


def _swap_axes(predict: Tensor) -> Tensor:
    """Reorder the channels of each anchor in a box predictor's weight or bias from yx to xy."""
    return predict.unflatten(0, (-1, 4))[:, YX_TO_XY].flatten(0, 1)
