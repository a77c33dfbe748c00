"""Weights files of classifiers: what is loaded, cut, skipped and refused. Logits: test_logits.py."""

from pathlib import Path

import numpy as np
import pytest
import torch

from mnv3.backbones.classify.build import build_classifier
from mnv3.backbones.classify.network import Classifier
from mnv3.backbones.classify.weights import load_classifier_weights
from mnv3.backbones.names.slim import slim_names
from mnv3.tools.errors import UserError


@pytest.fixture
def trained() -> Classifier:
    torch.manual_seed(1)
    return build_classifier("small", num_classes=6)


def test_of_ours_bare_or_in_a_checkpoint(trained: Classifier, tmp_path: Path) -> None:
    for prefix in ("", "network."):
        state = {f"{prefix}{name}": value for name, value in trained.state_dict().items()}
        torch.save({"state_dict": state}, tmp_path / "file.pth")
        network = build_classifier("small", num_classes=6)
        assert load_classifier_weights(network, tmp_path / "file.pth") == []
        torch.testing.assert_close(dict(network.state_dict()), dict(trained.state_dict()), atol=0, rtol=0)


def test_other_classes_keep_their_first_scores(trained: Classifier) -> None:
    network = build_classifier("small", num_classes=4)
    before = network.scores.weight.clone()
    (line,) = load_classifier_weights(network, "file", entries=trained.state_dict())
    assert "6 classes" in line and "4" in line
    assert torch.equal(network.scores.weight, before)
    assert torch.equal(network.state_dict()["hidden.weight"], trained.state_dict()["hidden.weight"])


def test_what_does_not_fit_is_refused(trained: Classifier) -> None:
    with pytest.raises(UserError, match=r"hidden\.weight"):
        load_classifier_weights(build_classifier("small", width=0.75), "file", entries=trained.state_dict())
    with pytest.raises(UserError, match=r"lacks hidden\.weight"):
        load_classifier_weights(build_classifier("small"), "file", entries=trained.backbone.state_dict())
    with pytest.raises(UserError, match=r"nowhere\.pth"):
        load_classifier_weights(trained, "nowhere.pth")


@pytest.mark.parametrize("width", [0.35, 0.75, 1.25])
@pytest.mark.parametrize("family", ["v1", "v2", "large", "small"])
def test_slims_names_at_any_width(family: str, width: float) -> None:
    """The authors released V2 at 0.35 to 1.4 with a last convolution that is not narrowed."""
    torch.manual_seed(2)
    theirs = build_classifier(family, width=width, num_classes=9, padding="same", se=False)
    ours = build_classifier(family, width=width, num_classes=9, padding="same", se=False)
    assert load_classifier_weights(ours, "file", entries=in_slims_names(theirs)) == []
    torch.testing.assert_close(dict(ours.state_dict()), dict(theirs.state_dict()), atol=0, rtol=0)


def in_slims_names(network: Classifier) -> dict[str, np.ndarray]:
    """The network's weights as the authors' checkpoints name and order them."""
    family, found = network.backbone.family, {}
    scope = {"v1": "MobilenetV1", "v2": "MobilenetV2"}.get(family, "MobilenetV3")
    norms = {"weight": "gamma", "bias": "beta", "running_mean": "moving_mean", "running_var": "moving_variance"}
    state = {name: value.numpy() for name, value in network.state_dict().items()}
    for layer, theirs in slim_names(family, network.backbone.table).items():
        kernel = state[f"backbone.{layer}.conv.weight"]
        if layer.endswith("depthwise"):
            found[f"{scope}/{theirs}/depthwise_weights"] = kernel.transpose(2, 3, 0, 1)
        else:
            found[f"{scope}/{theirs}/weights"] = kernel.transpose(2, 3, 1, 0)
        for ours, name in norms.items():
            found[f"{scope}/{theirs}/BatchNorm/{name}"] = state[f"backbone.{layer}.norm.{ours}"]
    for layer, theirs in (("hidden", "Conv_2"), ("scores", "Logits/Conv2d_1c_1x1")):
        if f"{layer}.weight" in state:
            found[f"{scope}/{theirs}/weights"] = state[f"{layer}.weight"].T[None, None]
            found[f"{scope}/{theirs}/biases"] = state[f"{layer}.bias"]
    return found
