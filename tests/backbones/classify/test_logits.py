"""Logits of classifiers against the networks that the weights come from."""

from collections.abc import Callable
from typing import Any, cast

import numpy as np
import pytest
import torch
import torchvision
from torch import Tensor, nn

from mnv3.backbones.classify.build import build_classifier
from mnv3.backbones.classify.weights import load_classifier_weights
from mnv3.backbones.names.origin import Inputs

CLASSES = 12
TORCHVISION = {
    "large": ("mobilenet_v3_large", {}),
    "small": ("mobilenet_v3_small", {}),
    "v2": ("mobilenet_v2", {}),
    "v2 0.35": ("mobilenet_v2", {"width_mult": 0.35}),
    "v2 0.75": ("mobilenet_v2", {"width_mult": 0.75}),
    "v2 1.25": ("mobilenet_v2", {"width_mult": 1.25}),
}
AUTHORS: dict[str, Any] = {"padding": "same"}
MINIMALISTIC: dict[str, Any] = {"se": False, "hswish": False, "max_kernel": 3, "padding": "same"}
TIMM: dict[str, tuple[str, Inputs, dict[str, Any]]] = {
    "mobilenetv3_large_100": ("large", "imagenet", {}),
    "mobilenetv3_large_075": ("large", "imagenet", {"width": 0.75}),
    "mobilenetv3_small_100": ("small", "imagenet", {}),
    "mobilenetv3_small_075": ("small", "imagenet", {"width": 0.75}),
    "mobilenetv3_small_050": ("small", "imagenet", {"width": 0.5, "stem": 32}),  # timm never narrows the stem's 16
    "tf_mobilenetv3_large_100": ("large", "symmetric", AUTHORS),
    "tf_mobilenetv3_large_075": ("large", "symmetric", {"width": 0.75, **AUTHORS}),
    "tf_mobilenetv3_large_minimal_100": ("large", "symmetric", MINIMALISTIC),
    "tf_mobilenetv3_small_100": ("small", "symmetric", AUTHORS),
    "tf_mobilenetv3_small_075": ("small", "symmetric", {"width": 0.75, **AUTHORS}),
    "tf_mobilenetv3_small_minimal_100": ("small", "symmetric", MINIMALISTIC),
    "mobilenetv1_100": ("v1", "symmetric", {}),
    "mobilenetv2_100": ("v2", "imagenet", {}),
    "mobilenetv2_050": ("v2", "imagenet", {"width": 0.5}),
    "mobilenetv2_140": ("v2", "imagenet", {"width": 1.4}),
    "semnasnet_100": ("mnasnet", "imagenet", {}),
    "semnasnet_075": ("mnasnet", "imagenet", {"width": 0.75}),
}


@torch.no_grad()
def agree(reference: nn.Module, backbone: str, inputs: Inputs, options: dict[str, Any]) -> None:
    """The logits of `reference`, brought to a deviation of 1, are those of our network with its weights."""
    images = torch.randn(2, 3, 97, 130, generator=torch.Generator().manual_seed(1))
    head = [layer for layer in reference.modules() if isinstance(layer, nn.Linear)][-1]
    head.weight /= reference(images).std()
    ours = build_classifier(backbone, num_classes=CLASSES, **options).eval()
    assert load_classifier_weights(ours, "file", entries=reference.state_dict(), inputs=inputs, wanted=inputs) == []
    expected = reference(images)
    assert 0.5 < expected.std() < 2
    torch.testing.assert_close(ours(images), expected, atol=1e-4, rtol=0)


@pytest.mark.parametrize("network", TORCHVISION)
def test_torchvisions(network: str, randomise: Callable) -> None:
    name, options = TORCHVISION[network]
    torch.manual_seed(0)
    reference = randomise(torchvision.models.get_model(name, num_classes=CLASSES, **options))
    backbone, _, width = network.partition(" ")
    agree(reference, backbone, "imagenet", {"width": float(width or 1)})


@torch.no_grad()
def test_torchvisions_published_weights(test_data: Any) -> None:
    file = test_data / "weights/mobilenet_v3_small_imagenet.pth"
    reference = torchvision.models.mobilenet_v3_small().eval()
    reference.load_state_dict(torch.load(file, weights_only=True))
    ours = build_classifier("small").eval()
    assert load_classifier_weights(ours, file, wanted="imagenet") == []
    images = torch.randn(2, 3, 224, 224, generator=torch.Generator().manual_seed(1))
    torch.testing.assert_close(ours(images), reference(images), atol=1e-4, rtol=0)


@pytest.mark.parametrize("name", TIMM)
def test_timms(name: str, randomise: Callable) -> None:
    timm = pytest.importorskip("timm")
    torch.manual_seed(0)
    reference = randomise(cast(nn.Module, timm.create_model(name, num_classes=CLASSES)))
    agree(reference, *TIMM[name])


@pytest.mark.parametrize(
    ("backbone", "file"), [("v1", "v1_100"), ("v2", "v2_100"), ("large", "v3_large"), ("small", "v3_small")]
)
def test_the_authors(test_data: Any, backbone: str, file: str) -> None:
    """Outputs of the authors' own code, with 1001 classes."""
    variables = dict(np.load(test_data / f"oracle_tf/cls_{file}_224_vars.npz"))
    reference = np.load(test_data / f"oracle_tf/cls_{file}_224.npz")
    network = build_classifier(backbone, num_classes=1001, padding="same").eval()
    assert load_classifier_weights(network, "file", entries=variables) == []
    images, expected = (torch.from_numpy(reference[name]) for name in ("input", "out"))
    assert_close(network, images.permute(0, 3, 1, 2), expected)
    imagenet = build_classifier(backbone, num_classes=1000, padding="same").eval()
    (line,) = load_classifier_weights(imagenet, "file", entries=variables)
    assert "background" in line
    assert_close(imagenet, images.permute(0, 3, 1, 2), expected[:, 1:])


@torch.no_grad()
def assert_close(network: nn.Module, images: Tensor, expected: Tensor) -> None:
    torch.testing.assert_close(network(images), expected, atol=1e-4, rtol=0)
