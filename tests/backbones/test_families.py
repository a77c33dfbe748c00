"""MobileNetV1, MobileNetV2, MnasNet-A1 and the ablations against networks that are not ours."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest
import torch
import torchvision
from torch import Tensor, nn

from mnv3.backbones.blocks import BN_EPSILON
from mnv3.backbones.classify.network import Classifier
from mnv3.backbones.names.slim import from_slim, slim_layer
from mnv3.backbones.names.timm import TIMM_EPSILON, from_timm
from mnv3.backbones.names.torchvision import from_torchvision
from mnv3.backbones.network import Backbone, build_backbone, tap_places
from mnv3.backbones.rows import layer_names
from mnv3.backbones.tables import FAMILIES, TABLES

# Share of a tensor's largest value, which ReLU6 cuts off. The reference's own rounding: computed in float64, our
# outputs are just as far from it.
NOISE = 5e-5
PARTS = {"": "", "output": "", "expansion_output": ".expand", "depthwise_output": ".depthwise"}


def last(family: str) -> str:
    return layer_names(TABLES[family])[-1]


def pictures(*size: int) -> Tensor:
    return torch.randn(2, 3, *size, generator=torch.Generator().manual_seed(1))


def to_nchw(array: np.ndarray) -> Tensor:
    return torch.from_numpy(array).permute(0, 3, 1, 2)


def slim_backbone(test_data, family: str, taps: list[str]) -> tuple[Backbone, dict[str, np.ndarray], dict]:
    folder = test_data / "oracle_tf"
    variables = np.load(folder / f"cls_{family}_100_224_vars.npz")
    backbone = build_backbone(family, padding="same", taps=taps).eval()
    backbone.load_state_dict(from_slim(variables, backbone))
    return backbone, variables, dict(np.load(folder / f"cls_{family}_100_224.npz"))


@pytest.mark.parametrize("family", ["v1", "v2"])
def test_logits_equal_slims(test_data, family: str) -> None:
    backbone, variables, reference = slim_backbone(test_data, family, [last(family)])
    model = Classifier(backbone, 1001, FAMILIES[family].classifier_width).eval()
    scope = {"v1": "MobilenetV1/Logits/Conv2d_1c_1x1", "v2": "MobilenetV2/Logits/Conv2d_1c_1x1"}[family]
    state = slim_layer(variables, scope)
    model.scores.load_state_dict({"weight": state["weight"].flatten(1), "bias": state["bias"]})
    with torch.no_grad():
        logits = model(to_nchw(reference["input"]))
    torch.testing.assert_close(logits, torch.from_numpy(reference["out"]), atol=1e-4, rtol=0)


@pytest.mark.parametrize(("family", "count"), [("v1", 27), ("v2", 69)])
def test_every_endpoint_equals_slims(test_data, family: str, count: int) -> None:
    taps = list(tap_places(TABLES[family]))
    backbone, _, reference = slim_backbone(test_data, family, taps)
    with torch.no_grad():
        found = backbone(to_nchw(reference["input"]))
    compared = 0
    for endpoint, array in reference.items():
        kind, _, name = endpoint.partition("/")
        if kind != "endpoint_sample" or (tap := slim_tap(name, taps)) is None:
            continue
        rows, columns = (-(-size // 4) for size in found[tap].shape[-2:])
        expected = to_nchw(array)
        atol = NOISE * float(expected.abs().max())
        torch.testing.assert_close(found[tap][..., ::rows, ::columns], expected, atol=atol, rtol=0, msg=endpoint)
        compared += 1
    assert compared == count


def slim_tap(endpoint: str, taps: list[str]) -> str | None:
    """Our tap of an endpoint of V1, "Conv2d_3_pointwise", or of V2, "layer_3/depthwise_output"; None of the head's."""
    layer, _, part = endpoint.partition("/")
    if layer.startswith("layer_"):
        index = int(layer.removeprefix("layer_")) - 1
        return {0: "stem", 18: "last"}.get(index, f"block{index}") + PARTS[part]
    if not layer.startswith("Conv2d_"):
        return None
    _, index, *kind = layer.split("_")
    return "stem" if not kind else f"block{index}" + {"depthwise": ".depthwise", "pointwise": ""}[kind[0]]


@torch.no_grad()
def compare(
    reference: nn.Module,
    head: nn.Linear,
    backbone: Backbone,
    size: tuple[int, int],
    hidden: nn.Conv2d | None = None,
) -> None:
    """Logits, brought to a deviation of 1, of a classifier of theirs and of ours with its weights."""
    images = pictures(*size)
    head.weight /= reference(images).std()
    model = Classifier(backbone, head.out_features, hidden.out_channels if hidden else None).eval()
    if hidden:
        model.hidden.load_state_dict({"weight": hidden.weight.flatten(1), "bias": hidden.bias})
    model.scores.load_state_dict(head.state_dict())
    expected = reference(images)
    assert 0.5 < expected.std() < 2
    torch.testing.assert_close(model(images), expected, atol=1e-4, rtol=0)


@pytest.mark.parametrize("size", [(224, 224), (97, 130)])
def test_v2_equals_torchvisions(size: tuple[int, int], randomise: Callable) -> None:
    torch.manual_seed(0)
    reference: Any = randomise(torchvision.models.mobilenet_v2(num_classes=12))
    backbone = build_backbone("v2", taps=["last"])
    backbone.load_state_dict(from_torchvision(reference.state_dict(), backbone.table))
    compare(reference, reference.classifier[1], backbone, size)


def timm_network(name: str, randomise: Callable, **options: Any) -> Any:
    timm = pytest.importorskip("timm")
    torch.manual_seed(0)
    return randomise(timm.create_model(name, num_classes=12, **options))


def rounded_se() -> Callable:
    """timm's squeeze-and-excitation with widths rounded to 8, as the paper's counts have it."""
    blocks = pytest.importorskip("timm.models._efficientnet_blocks")
    builder = pytest.importorskip("timm.models._efficientnet_builder")
    return partial(blocks.SqueezeExcite, rd_round_fn=builder.round_channels)


@pytest.mark.parametrize("size", [(224, 224), (97, 130)])
@pytest.mark.parametrize("family, name", [("v1", "mobilenetv1_100"), ("v2", "mobilenetv2_100")])
def test_predecessors_equal_timms(family: str, name: str, size: tuple[int, int], randomise: Callable) -> None:
    reference = timm_network(name, randomise)
    backbone = build_backbone(family, taps=[last(family)])
    backbone.load_state_dict(from_timm(reference.state_dict(), family))
    compare(reference, reference.classifier, backbone, size)


@pytest.mark.parametrize("width", [1.0, 0.5])
def test_mnasnet_equals_timms(width: float, randomise: Callable) -> None:
    reference = timm_network(f"semnasnet_{100 * width:03.0f}", randomise, se_layer=rounded_se())
    backbone = build_backbone("mnasnet", width=width, taps=["last"])
    state = from_timm(reference.state_dict(), "mnasnet")
    if width < 1:  # theirs has 1280 channels before the pooling at any width
        state = {key: value for key, value in state.items() if not key.startswith("last")}
        backbone = build_backbone("mnasnet", width=width, taps=["block16"])
        reference.conv_head = reference.bn2 = nn.Identity()
        reference.classifier = nn.Linear(backbone.channels["block16"], 12)
    backbone.load_state_dict(state)
    compare(reference, reference.classifier, backbone, (97, 130))


@pytest.mark.parametrize("family", ["large", "small"])
def test_without_se_hswish_and_5x5_kernels_it_is_the_minimalistic_network(family: str, randomise: Callable) -> None:
    reference = timm_network(f"tf_mobilenetv3_{family}_minimal_100", randomise)
    backbone = build_backbone(family, se=False, hswish=False, max_kernel=3, padding="same", taps=["last"])
    backbone.load_state_dict(from_timm(reference.state_dict(), family, BN_EPSILON))
    theirs = sum(p.numel() for name, p in reference.named_parameters() if not name.startswith(("conv_head", "class")))
    assert sum(p.numel() for p in backbone.parameters()) == theirs
    compare(reference, reference.classifier, backbone, (97, 130), reference.conv_head)


@pytest.mark.parametrize("family", ["large", "small"])
def test_v3_equals_timms(family: str, randomise: Callable) -> None:
    reference = timm_network(f"mobilenetv3_{family}_100", randomise)
    backbone = build_backbone(family, taps=["last"])
    backbone.load_state_dict(from_timm(reference.state_dict(), family, TIMM_EPSILON))
    compare(reference, reference.classifier, backbone, (97, 130), reference.conv_head)
