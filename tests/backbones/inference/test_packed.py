"""Packed convolutions against the plain ones."""

import copy

import pytest
import torch
from torch import nn

import mnv3.backbones.inference.packed
from mnv3.backbones.blocks import activation
from mnv3.backbones.convolution import Convolution
from mnv3.backbones.inference.fold import fold_norms
from mnv3.backbones.inference.packed import PackedConvolution, can_pack
from mnv3.backbones.network import build_backbone

pytestmark = pytest.mark.skipif(not can_pack(nn.Conv2d(1, 1, 1)), reason="this PyTorch has no oneDNN operations")

SHAPES = [(1, 16, 16), (1, 15, 15), (1, 15, 16), (1, 16, 15), (3, 16, 16), (1, 1, 1), (1, 16, 16)]


@pytest.mark.parametrize("act", ["relu", "relu6", "hswish", "none"])
@pytest.mark.parametrize("padding", ["symmetric", "same"])
@pytest.mark.parametrize(("kernel", "stride", "groups"), [(1, 1, 1), (3, 2, 1), (3, 1, 8), (3, 2, 8), (5, 2, 8)])
def test_same_as_convolution_and_activation_for_one_shape_after_another(act, padding, kernel, stride, groups):
    torch.manual_seed(0)
    conv = Convolution(8, 16, kernel, stride=stride, groups=groups, padding=padding)
    conv.bias = nn.Parameter(torch.randn(16))
    packed = PackedConvolution(conv, activation(act))
    with torch.no_grad():
        conv.weight.mul_(20)  # some outputs above ReLU6's limit
        for batch, *size in SHAPES:
            for layout in (torch.channels_last, torch.contiguous_format):
                x = torch.randn(batch, 8, *size).contiguous(memory_format=layout)
                before = x.clone()
                torch.testing.assert_close(packed(x), packed.act(conv(x)), atol=1e-5, rtol=1e-5)
                assert torch.equal(x, before)


def test_dilated():
    conv = Convolution(8, 8, 3, dilation=2, groups=8, padding="same")
    x = torch.randn(1, 8, 12, 12)
    with torch.no_grad():
        torch.testing.assert_close(PackedConvolution(conv, nn.Identity())(x), conv(x), atol=1e-5, rtol=1e-5)


def test_copies_and_other_types():
    packed = PackedConvolution(Convolution(4, 4, 3, stride=2, padding="same"), nn.ReLU())
    x = torch.randn(1, 4, 8, 8)
    with torch.no_grad():
        expected = packed(x)
        copied = copy.deepcopy(packed)
        torch.testing.assert_close(copied(x), expected, atol=0, rtol=0)
        torch.testing.assert_close(copied.double()(x.double()).float(), expected)


@pytest.mark.parametrize("packs", [True, False])
def test_folded_network(packs, randomise, monkeypatch):
    if not packs:
        monkeypatch.setattr(mnv3.backbones.inference.packed, "OPERATIONS", ("absent",))
    backbone = randomise(build_backbone("small", padding="same", taps=["block9.expand", "last"]))
    folded = fold_norms(backbone)
    assert any(isinstance(layer, PackedConvolution) for layer in folded.modules()) == packs
    with torch.no_grad():
        for size in [(80, 96), (79, 97), (96, 80)]:
            images = torch.randn(2, 3, *size, generator=torch.Generator().manual_seed(1))
            torch.testing.assert_close(folded(images), backbone(images), atol=1e-5, rtol=1e-4)
            torch.testing.assert_close(fold_norms(folded)(images), backbone(images), atol=1e-5, rtol=1e-4)
