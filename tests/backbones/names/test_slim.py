"""The network against the authors' TensorFlow code, run with random weights."""

import numpy as np
import pytest
import torch

from mnv3.backbones.classify.network import Classifier
from mnv3.backbones.edits import halve_tail
from mnv3.backbones.names.slim import from_slim, slim_layer
from mnv3.backbones.network import build_backbone, tap_places
from mnv3.backbones.tables import FAMILIES, TABLES

# Share of a tensor's largest value. The reference's own rounding is of that order: computed in float64, our outputs
# are just as far from it.
NOISE = 1e-5

PLACES = {"": "", "output": "", "expansion_output": ".expand", "depthwise_output": ".depthwise"}


def to_nchw(array):
    return torch.from_numpy(array).permute(0, 3, 1, 2)


@pytest.mark.parametrize("family", ["large", "small"])
def test_classification_equals_slims(test_data, family):
    variables = np.load(test_data / "oracle_tf" / f"cls_v3_{family}_224_vars.npz")
    reference = np.load(test_data / "oracle_tf" / f"cls_v3_{family}_224.npz")
    backbone = build_backbone(family, padding="same", taps=["last"])
    backbone.load_state_dict(from_slim(variables, backbone))
    model = Classifier(backbone, 1001, FAMILIES[family].classifier_width).eval()
    for layer, scope in ((model.hidden, "Conv_2"), (model.scores, "Logits/Conv2d_1c_1x1")):
        state = slim_layer(variables, f"MobilenetV3/{scope}")
        layer.load_state_dict({"weight": state["weight"].flatten(1), "bias": state["bias"]})
    with torch.no_grad():
        logits = model(to_nchw(reference["input"]))
    torch.testing.assert_close(logits, torch.from_numpy(reference["out"]), atol=1e-4, rtol=0)


@pytest.mark.parametrize("family", ["large", "small"])
@pytest.mark.parametrize("output_stride", [8, 16, 32])
def test_output_strides_equal_slims(test_data, family, output_stride):
    backbone, reference = slim_detection_backbone(test_data, family, output_stride, ["last"])
    suffix = "" if output_stride == 16 else "_out"
    expected = np.load(test_data / "oracle_tf" / f"base_os{output_stride}_v3_{family}_detection_129x257{suffix}.npz")[
        "out"
    ]
    with torch.no_grad():
        last = backbone(to_nchw(reference["input"]))["last"]
    torch.testing.assert_close(last, to_nchw(expected), atol=NOISE * np.abs(expected).max(), rtol=0)


@pytest.mark.parametrize("family", ["large", "small"])
def test_every_endpoint_equals_slims(test_data, family):
    taps = list(tap_places(halve_tail(TABLES[family], "keep")))
    backbone, reference = slim_detection_backbone(test_data, family, 16, taps)
    with torch.no_grad():
        found = backbone(to_nchw(reference["input"]))
    endpoints = [key for key in reference.files if key.startswith("endpoint_sample/")]
    for endpoint in endpoints:
        layer, _, part = endpoint.removeprefix("endpoint_sample/").partition("/")
        index = int(layer.removeprefix("layer_")) - 1
        name = {0: "stem", len(backbone.table) - 1: "last"}.get(index, f"block{index}") + PLACES[part]
        tap = found[name]
        rows, columns = (-(-size // 4) for size in tap.shape[-2:])
        expected = to_nchw(reference[endpoint])
        atol = NOISE * float(expected.abs().max())
        torch.testing.assert_close(tap[..., ::rows, ::columns], expected, atol=atol, rtol=0, msg=endpoint)
    assert len(endpoints) > 3 * (len(taps) // 4)


def slim_detection_backbone(test_data, family, output_stride, taps):
    reference = np.load(test_data / "oracle_tf" / f"base_os16_v3_{family}_detection_129x257.npz")
    variables = {key.removeprefix("var/"): reference[key] for key in reference.files if key.startswith("var/")}
    backbone = build_backbone(family, rf2=True, output_stride=output_stride, padding="same", taps=taps).eval()
    backbone.load_state_dict(from_slim(variables, backbone))
    return backbone, reference
