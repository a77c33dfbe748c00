"""Weights of MobileNetV1, MobileNetV2 and MnasNet-A1 from the files there are of them."""

from functools import partial
from pathlib import Path

import pytest
import torch
import torchvision

from mnv3.backbones.names.torchvision import from_torchvision
from mnv3.backbones.network import build_backbone
from mnv3.backbones.rows import layer_names
from mnv3.backbones.tables import TABLES
from mnv3.backbones.weights import load_backbone_weights
from mnv3.tools.errors import UserError


def test_imagenet_is_torchvisions_for_v2(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    theirs = torchvision.models.mobilenet_v2()
    (tmp_path / "hub" / "checkpoints").mkdir(parents=True)
    torch.save(theirs.state_dict(), tmp_path / "hub" / "checkpoints" / "mobilenet_v2-7ebf99e0.pth")
    backbone = build_backbone("v2", taps=["last"])
    assert load_backbone_weights(backbone, "imagenet", wanted="imagenet") == []
    expected = from_torchvision(theirs.state_dict(), backbone.table)
    torch.testing.assert_close(dict(backbone.state_dict()), expected, atol=0, rtol=0)


@pytest.mark.parametrize(("family", "name"), [("v1", "mobilenetv1_100"), ("mnasnet", "semnasnet_100")])
def test_imagenet_is_refused_where_torchvision_has_no_such_network(family: str, name: str) -> None:
    with pytest.raises(UserError, match=f"torchvision has no {family}.*timm's state dict of {name}.*FILE"):
        load_backbone_weights(build_backbone(family, taps=["stem"]), "imagenet")


@pytest.mark.parametrize(("family", "name"), [("v1", "mobilenetv1_100"), ("v2", "mobilenetv2_100")])
def test_a_file_of_timms(family: str, name: str, tmp_path: Path) -> None:
    timm = pytest.importorskip("timm")
    theirs = timm.create_model(name)
    torch.save(theirs.state_dict(), tmp_path / "timm.pth")
    backbone = build_backbone(family, taps=[layer_names(TABLES[family])[-1]])
    assert load_backbone_weights(backbone, tmp_path / "timm.pth", inputs="symmetric") == []
    assert torch.equal(backbone.state_dict()["stem.conv.weight"], theirs.conv_stem.weight)


@pytest.mark.parametrize("rounded", [True, False])
def test_squeezes_of_mnasnet_fit_if_they_are_rounded(rounded: bool, tmp_path: Path) -> None:
    timm = pytest.importorskip("timm")
    round_channels = pytest.importorskip("timm.models._efficientnet_builder").round_channels
    blocks = pytest.importorskip("timm.models._efficientnet_blocks")
    se = partial(blocks.SqueezeExcite, rd_round_fn=round_channels) if rounded else blocks.SqueezeExcite
    torch.save(timm.create_model("semnasnet_100", se_layer=se).state_dict(), tmp_path / "timm.pth")
    left = load_backbone_weights(build_backbone("mnasnet", taps=["last"]), tmp_path / "timm.pth", inputs="symmetric")
    assert all(".se." in name for name in left)
    # A quarter of 24, 40, 40, 80, 112 and 112 channels is no multiple of 8, of 160 it is.
    assert {name.partition(".")[0] for name in left} == (
        set() if rounded else {f"block{number}" for number in (4, 5, 6, 11, 12, 13)}
    )


def test_running_variances_take_up_the_other_epsilon() -> None:
    variances = torch.linspace(0, 1e-3, 32)
    ours = from_torchvision({"features.0.1.running_var": variances}, build_backbone("v2", taps=["stem"]).table)
    total = ours["stem.norm.running_var"].double() + 1e-3
    torch.testing.assert_close(total, variances.double() + 1e-5, atol=1e-10, rtol=0)
    assert total.min() > 0
