"""Taps, sizes and parameter counts of the network."""

import pytest
import torch

from mnv3.backbones.edits import first_expansion, halve_tail, last_block
from mnv3.backbones.inference.fold import fold_norms
from mnv3.backbones.network import build_backbone, tap_places
from mnv3.backbones.rows import layer_names
from mnv3.backbones.tables import TABLES
from mnv3.tools.errors import UserError

# Trainable parameters of the features, as torchvision's own networks have them.
FEATURES = {
    ("large", False): 2_971_952,
    ("large", True): 1_620_512,
    ("small", False): 927_008,
    ("small", True): 438_704,
}


def test_table_is_that_of_the_layers_built():
    backbone = build_backbone("v2", taps=["block17"])
    assert layer_names(backbone.table)[-1] == "block17"
    assert [name for name, _ in backbone.named_children()] == list(layer_names(backbone.table))


@pytest.mark.parametrize(("family", "rf2"), FEATURES)
def test_parameters(family, rf2):
    backbone = build_backbone(family, rf2=rf2, taps=["last"])
    assert sum(parameter.numel() for parameter in backbone.parameters()) == FEATURES[family, rf2]


@pytest.mark.parametrize("family", TABLES)
@pytest.mark.parametrize("padding", ["symmetric", "same"])
@pytest.mark.parametrize("output_stride", [8, 32])
def test_taps_have_the_channels_and_strides_they_announce(family, padding, output_stride):
    taps = list(tap_places(TABLES[family]))
    backbone = build_backbone(family, padding=padding, output_stride=output_stride, taps=taps).eval()
    with torch.no_grad():
        found = backbone(torch.zeros(1, 3, 65, 96))
    assert list(found) == taps
    for tap, tensor in found.items():
        stride = backbone.strides[tap]
        assert tensor.shape == (1, backbone.channels[tap], -(-65 // stride), -(-96 // stride))


@pytest.mark.parametrize("family", TABLES)
def test_narrow_halved_and_dilated(family):
    taps = [f"{last_block(TABLES[family])}.depthwise", last_block(TABLES[family])]
    backbone = build_backbone(family, rf2=True, width=0.35, output_stride=16, taps=taps)
    for tap, tensor in backbone(torch.zeros(2, 3, 64, 80)).items():
        assert tensor.shape == (2, backbone.channels[tap], 4, 5)


def test_taps_come_in_the_order_asked_for():
    backbone = build_backbone("small", taps=["last", "block9.expand", "block3.depthwise"])
    assert list(backbone(torch.zeros(2, 3, 64, 64))) == ["last", "block9.expand", "block3.depthwise"]


def test_layers_behind_the_last_tap_are_not_built():
    backbone = build_backbone("small", taps=["block3.depthwise", "stem"])
    assert [name for name, _ in backbone.named_children()] == ["stem", "block1", "block2", "block3"]


def test_a_tap_is_not_changed_by_the_layers_behind_it(randomise):
    taps = list(tap_places(halve_tail(TABLES["large"], "keep")))
    backbone = randomise(build_backbone("large", rf2=True, taps=taps))
    images = torch.randn(1, 3, 64, 64, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        found = backbone(images)
        for tap in ("stem", "block2", "block4.expand", "block5.depthwise", "block8", "block13.expand"):
            alone = build_backbone("large", rf2=True, taps=[tap]).eval()
            alone.load_state_dict(backbone.state_dict(), strict=False)
            torch.testing.assert_close(found[tap], alone(images)[tap], atol=0, rtol=0)


def test_unknown_names_are_refused():
    with pytest.raises(UserError, match="'huge' is unknown"):
        build_backbone("huge", taps=["last"])
    with pytest.raises(ValueError, match=r"block1\.expand"):
        build_backbone("large", taps=["block1.expand"])


@pytest.mark.parametrize("family", TABLES)
@pytest.mark.parametrize("padding", ["symmetric", "same"])
def test_folded_norms_give_the_same_outputs(family, padding, randomise):
    taps = [first_expansion(TABLES[family]), layer_names(TABLES[family])[-1]]
    backbone = randomise(build_backbone(family, width=0.5, padding=padding, taps=taps))
    images = torch.randn(1, 3, 80, 96, generator=torch.Generator().manual_seed(1))
    folded = fold_norms(backbone)
    assert not any(isinstance(layer, torch.nn.BatchNorm2d) for layer in folded.modules())
    with torch.no_grad():
        torch.testing.assert_close(folded(images), backbone(images), atol=1e-5, rtol=1e-4)
