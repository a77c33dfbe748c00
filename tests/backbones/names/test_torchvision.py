"""The network against torchvision's, with torchvision's state dict."""

import pytest
import torch
import torchvision
from torchvision.models.mobilenetv3 import MobileNetV3, _mobilenet_v3_conf

from mnv3.backbones.classify.network import Classifier
from mnv3.backbones.names.torchvision import IMAGENET_MEAN, IMAGENET_STD, from_torchvision, to_symmetric_range
from mnv3.backbones.network import build_backbone
from mnv3.backbones.tables import FAMILIES


@pytest.mark.parametrize("family", ["large", "small"])
@pytest.mark.parametrize("size", [(224, 224), (97, 130)])
def test_logits_equal_torchvisions(family, size, randomise):
    torch.manual_seed(0)
    reference = randomise(getattr(torchvision.models, f"mobilenet_v3_{family}")(num_classes=12))
    for linear in (reference.classifier[0], reference.classifier[3]):  # logits near 1 instead of 0.01
        torch.nn.init.normal_(linear.weight, std=0.1)
    backbone = build_backbone(family, taps=["last"])
    backbone.load_state_dict(from_torchvision(reference.state_dict(), backbone.table))
    model = Classifier(backbone, 12, FAMILIES[family].classifier_width).eval()
    model.hidden.load_state_dict(reference.classifier[0].state_dict())
    model.scores.load_state_dict(reference.classifier[3].state_dict())
    images = torch.randn(2, 3, *size, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        expected = reference(images)
        assert expected.std() > 0.1
        torch.testing.assert_close(model(images), expected, atol=1e-4, rtol=0)


@pytest.mark.parametrize(("family", "block"), [("large", 13), ("small", 9)])
def test_halved_tail_equals_torchvisions_reduced_tail(family, block, randomise):
    settings, last = _mobilenet_v3_conf(f"mobilenet_v3_{family}", reduced_tail=True)
    reference = randomise(MobileNetV3(settings, last)).features
    for layer in reference.modules():
        if isinstance(layer, torch.nn.BatchNorm2d):
            layer.eps = 1e-3
    backbone = build_backbone(family, rf2=True, taps=["last", f"block{block}.expand"]).eval()
    state = {f"features.{key}": value for key, value in reference.state_dict().items()}
    backbone.load_state_dict(from_torchvision(state, backbone.table))
    images = torch.randn(1, 3, 96, 128, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        taps = backbone(images)
        torch.testing.assert_close(taps["last"], reference(images), atol=1e-4, rtol=0)
        expansion = reference[block].block[0](reference[:block](images))
        torch.testing.assert_close(taps[f"block{block}.expand"], expansion, atol=1e-4, rtol=0)


def test_weights_for_imagenets_normalisation_are_adapted(randomise):
    reference = randomise(torchvision.models.mobilenet_v3_small())
    backbone = build_backbone("small", taps=["stem"]).eval()
    state = from_torchvision(reference.state_dict(), backbone.table)
    backbone.load_state_dict(to_symmetric_range(state), strict=False)  # only the stem is built
    images = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(1))
    mean, std = (torch.tensor(values).reshape(1, 3, 1, 1) for values in (IMAGENET_MEAN, IMAGENET_STD))
    with torch.no_grad():
        ours = backbone(images * 2 - 1)["stem"]
        theirs = reference.features[0]((images - mean) / std)
    torch.testing.assert_close(ours[..., 1:, 1:], theirs[..., 1:, 1:], atol=1e-5, rtol=0)  # padding reaches row 0
