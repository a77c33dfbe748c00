"""Detectors trained elsewhere, as state dicts of ours: the authors' TensorFlow variables, torchvision's SSDLite."""

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from backbones.tf_names import from_slim, slim_layer
from ssdlite.model import Detector

YX_TO_XY = [1, 0, 3, 2]  # the authors' codes are (ty, tx, th, tw), also in channel order


def from_tensorflow(variables: Mapping[str, np.ndarray], detector: Detector) -> dict[str, Tensor]:
    """State dict for `detector` from the variables of an SSDLite of the TensorFlow Object Detection API, by name."""
    state = {
        f"backbone.{key}": value
        for key, value in from_slim(variables, detector.backbone.table, "FeatureExtractor/MobilenetV3").items()
    }
    prefix = f"FeatureExtractor/MobilenetV3/layer_{len(detector.backbone.table)}"
    scopes = {}
    for level, extra in enumerate(detector.extras):
        inside, outputs = extra.reduce.conv.out_channels, extra.expand.conv.out_channels
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


def _swap_axes(predict: Tensor) -> Tensor:
    """Weight or bias of a box predictor with the channels of each anchor in our order."""
    return predict.unflatten(0, (-1, 4))[:, YX_TO_XY].flatten(0, 1)
