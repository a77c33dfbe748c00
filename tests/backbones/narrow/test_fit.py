"""A halved tail fitted to the full one: nearer to it, and nothing else changed."""

import pytest
import torch

from mnv3.backbones.narrow.cut import narrow
from mnv3.backbones.narrow.fit import can_refit, refit
from mnv3.backbones.network import build_backbone
from mnv3.backbones.rows import layer_names
from mnv3.backbones.tables import TABLES
from mnv3.backbones.weights import load_backbone_weights
from mnv3.tools.images.sample_images import few_images


def pictures(seed: int) -> torch.Tensor:
    """Smooth noise: convolutions find something in it."""
    coarse = torch.randn(32, 3, 12, 12, generator=torch.Generator().manual_seed(seed))
    return torch.nn.functional.interpolate(coarse, (96, 96), mode="bicubic").clamp(-1, 1)


def alike(theirs: torch.Tensor, ours: torch.Tensor) -> float:
    """Mean correlation of the channels of two maps [N, C, h, w]."""
    one, other = (x - x.mean((0, 2, 3), keepdim=True) for x in (theirs, ours))
    norms = one.square().sum((0, 2, 3)) * other.square().sum((0, 2, 3))
    return float(((one * other).sum((0, 2, 3)) / norms.sqrt().clamp(min=1e-6)).mean())


@pytest.mark.parametrize(
    ("family", "expansion", "output_stride"),
    [
        ("small", "halve", 16),
        ("small", "keep", 32),
        ("large", "halve", 16),
        ("v2", "keep", 32),
        ("mnasnet", "keep", 16),
    ],
)
@torch.no_grad()
def test_it_is_nearer_to_the_full_network(randomise, family, expansion, output_stride):
    """The first case has a block that gets a shortcut by being halved."""
    last = layer_names(TABLES[family])[-1]
    torch.manual_seed(0)
    full = randomise(build_backbone(family, output_stride=output_stride, taps=[last])).train()
    state = {name: value.clone() for name, value in full.state_dict().items()}
    halved = build_backbone(
        family, rf2=True, rf2_expansion=expansion, output_stride=output_stride, taps=[last], bn_momentum=0.1
    )
    cut, kept = narrow(state, halved.table)
    halved.load_state_dict(cut)
    assert can_refit(halved.table, state)
    shares = []
    for fit in (False, True):
        if fit:
            refit(halved.eval(), state, kept, pictures(0))
            assert not halved.training and all(
                layer.momentum == 0.1 for layer in halved.modules() if isinstance(layer, torch.nn.BatchNorm2d)
            )
            after = halved.state_dict()
            front = [
                name for name in cut if cut[name].shape == state[name].shape and not name.startswith(("last", "block"))
            ]
            assert front and all(torch.equal(after[name], cut[name]) for name in front if "tracked" not in name)
        shares.append(alike(full(pictures(0))[last][:, kept[last]], halved.train()(pictures(0))[last]))
        halved.load_state_dict(cut if not fit else after)
    assert shares[1] > shares[0] + 0.03, shares


def test_images_are_asked_for_only_where_something_was_cut(tmp_path):
    full = build_backbone("small", taps=["last"])
    torch.save(full.state_dict(), tmp_path / "full.pth")
    asked = []

    def images():
        asked.append(True)
        return pictures(0)

    load_backbone_weights(build_backbone("small", taps=["last"]), tmp_path / "full.pth", images=images)
    assert not asked
    halved, unfitted = (build_backbone("small", rf2=True, taps=["last"]) for _ in range(2))
    left = load_backbone_weights(halved, tmp_path / "full.pth", images=images)
    assert asked == [True]
    (plain,) = load_backbone_weights(unfitted, tmp_path / "full.pth")
    assert left == [f"{plain}; the others are fitted to the full network on 32 images"]
    changed = {name.partition(".")[0] for name, value in halved.state_dict().items()} - {
        name.partition(".")[0]
        for name, value in halved.state_dict().items()
        if not torch.equal(value, unfitted.state_dict()[name])
    }
    assert "block8" in changed and "block9" not in changed


def test_separable_blocks_are_left_as_they_were_cut(tmp_path):
    """Their depthwise convolutions come first: there is no 1x1 kernel before them to fit."""
    full = build_backbone("v1", taps=["block13"])
    torch.save(full.state_dict(), tmp_path / "full.pth")
    halved = build_backbone("v1", rf2=True, taps=["block13"])
    load_backbone_weights(halved, tmp_path / "full.pth", images=lambda: pytest.fail("not needed"))
    assert torch.equal(
        halved.state_dict()["block13.pointwise.conv.weight"],
        narrow(full.state_dict(), halved.table)[0]["block13.pointwise.conv.weight"],
    )


@torch.no_grad()
def test_real_weights_are_nearer_on_frames_that_they_were_not_fitted_to(test_data):
    camvid = {split: sorted((test_data / "camvid" / split).glob("*.jpg")) for split in ("train", "val")}
    seen, others = (few_images(paths[::12], (185, 241)) * (2 / 255) - 1 for paths in camvid.values())
    file = test_data / "weights" / "mobilenet_v3_small_imagenet.pth"
    network = {"output_stride": 16, "padding": "same", "taps": ["last"]}
    full = build_backbone("small", **network)
    load_backbone_weights(full, file, inputs="symmetric")
    correlations = []
    for images in (None, lambda: seen):
        halved = build_backbone("small", rf2=True, rf2_expansion="halve", **network)
        load_backbone_weights(halved, file, inputs="symmetric", images=images)
        _, kept = narrow(full.state_dict(), halved.table)
        correlations.append(alike(full.train()(others)["last"][:, kept["last"]], halved.train()(others)["last"]))
    assert correlations[0] < 0.25 and correlations[1] > 0.45
