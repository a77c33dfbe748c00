"""Preset "torchvision" against torchvision's own lraspp_mobilenet_v3_large, with the same random weights."""

import pytest
import torch
from torch import Tensor, nn
from torchvision.models.segmentation import lraspp_mobilenet_v3_large

from mnv3.backbones.names.torchvision import IMAGENET_MEAN, IMAGENET_STD
from mnv3.lraspp.model.segmenter import build_segmenter
from mnv3.lraspp.weights.names import from_torchvision


def randomised(network: nn.Module, num_classes: int) -> nn.Module:
    """Well-conditioned: features neither vanish nor explode, statistics differ by channel."""
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d):
            gain = 0.03 if layer.out_channels == num_classes else 1  # logits of the size of real ones
            nn.init.normal_(layer.weight, std=gain * (2 / layer.weight[0].numel()) ** 0.5)
            if layer.bias is not None:
                nn.init.normal_(layer.bias, std=0.3)
        if isinstance(layer, nn.BatchNorm2d):
            nn.init.uniform_(layer.weight, 0.8, 1.2)
            nn.init.normal_(layer.bias, std=0.2)
            layer.momentum = None  # the running statistics become those of the one batch below
    network.train()(torch.randn(2, 3, 160, 224))
    return network.eval()


def normalised(images: Tensor) -> Tensor:
    """As the transforms of torchvision's weights."""
    mean, std = (torch.tensor(values).reshape(3, 1, 1) for values in (IMAGENET_MEAN, IMAGENET_STD))
    return (images / 255 - mean) / std


@pytest.mark.parametrize("num_classes, size", [(21, (128, 192)), (19, (133, 75)), (2, (32, 33))])
@torch.no_grad()
def test_logits_are_torchvisions(num_classes: int, size: tuple[int, int]) -> None:
    torch.manual_seed(0)
    theirs = lraspp_mobilenet_v3_large(weights=None, weights_backbone=None, num_classes=num_classes)
    randomised(theirs, num_classes)
    ours = build_segmenter(preset="torchvision", rf2=False, num_classes=num_classes).eval()
    ours.load_state_dict(from_torchvision(theirs.state_dict(), ours))
    images = torch.randint(0, 256, (2, 3, *size), dtype=torch.uint8)
    want = theirs(normalised(images))["out"]
    logits = ours(images)
    assert want.std() > 0.1
    torch.testing.assert_close(ours.upsample(logits, size), want, atol=1e-4, rtol=0)
    certain = want.topk(2, 1).values.diff(dim=1).abs()[:, 0] > 1e-4
    assert certain.float().mean() > 0.99
    assert torch.equal(ours.labels(logits, size)[certain], want.argmax(1).byte()[certain])
