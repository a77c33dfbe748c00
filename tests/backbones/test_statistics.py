"""Folded batch norms: the same outputs in evaluation, and about the same in training."""

import logging
from copy import deepcopy

import pytest
import torch
from torch import Tensor, nn

from mnv3.backbones.names.unfold import unfolded
from mnv3.backbones.network import Backbone, build_backbone
from mnv3.backbones.statistics import folded_norms, restore_statistics
from mnv3.backbones.weights import load_backbone_weights

IMAGES = torch.rand(6, 3, 96, 96, generator=torch.Generator().manual_seed(0)) * 2 - 1


@pytest.fixture
def folded() -> Backbone:
    """A V2 whose norms only add a bias, as from a file of TensorFlow Lite."""
    torch.manual_seed(0)
    backbone = build_backbone("v2", width=0.35, taps=["last"])
    for norm in (layer for layer in backbone.modules() if isinstance(layer, nn.BatchNorm2d)):
        folds = unfolded({"x/biases": (torch.randn(norm.num_features) * 0.3).numpy()})
        names = {"weight": "gamma", "bias": "beta", "running_mean": "moving_mean", "running_var": "moving_variance"}
        norm.load_state_dict(
            {ours: torch.from_numpy(folds[f"x/BatchNorm/{theirs}"]) for ours, theirs in names.items()}, strict=False
        )
    return backbone.eval()


def outputs(backbone: Backbone) -> Tensor:
    with torch.no_grad():
        return backbone(IMAGES)["last"]


def test_evaluation_stays_and_training_begins_there(folded: Backbone, caplog: pytest.LogCaptureFixture) -> None:
    before = outputs(folded)
    count = len(folded_norms(folded))
    assert count == sum(isinstance(layer, nn.BatchNorm2d) for layer in folded.modules())
    far = (outputs(deepcopy(folded).train()) - before).abs().mean()
    with caplog.at_level(logging.INFO, "mnv3"):
        restore_statistics(folded, lambda: IMAGES)
    assert f"{count} batch norms" in caplog.text and not folded_norms(folded)
    torch.testing.assert_close(outputs(folded), before, atol=1e-4, rtol=1e-4)
    near = (outputs(folded.train()) - before).abs().mean()
    assert near < 0.01 * before.abs().mean() < far


def test_other_norms_stay() -> None:
    """Neither a new network's nor a trained one's."""
    backbone = build_backbone("small", width=0.5, taps=["last"])
    state = {name: value.clone() for name, value in backbone.state_dict().items()}
    restore_statistics(backbone, lambda: pytest.fail("no images are needed"))
    assert all(torch.equal(value, state[name]) for name, value in backbone.state_dict().items())


def test_weights_with_norms_need_no_images_and_may_have_other_squeezes() -> None:
    """As timm's MnasNet has; nothing random is drawn, so that seeded runs stay as they are."""
    backbone = build_backbone("mnasnet", taps=["last"])
    state = {name: value.clone() for name, value in backbone.state_dict().items()}
    for name, value in state.items():
        if name.endswith("running_mean"):
            value += 1
    squeeze = next(name for name in state if name.endswith("se.squeeze.weight"))
    state[squeeze] = torch.zeros(3, *state[squeeze].shape[1:])
    before = torch.get_rng_state()
    left = load_backbone_weights(backbone, "x.pth", entries=state, images=lambda: pytest.fail("no images are needed"))
    assert left == [squeeze] and torch.equal(torch.get_rng_state(), before)
