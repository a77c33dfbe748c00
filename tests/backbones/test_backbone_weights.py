"""Loading weights: what fits is loaded, the rest is named, mistakes are one sentence."""

import pickle

import pytest
import torch
import torchvision

from backbones.initial import init_truncated_normal
from backbones.network import build_backbone
from backbones.torchvision_names import from_torchvision
from backbones.weights import load_backbone_weights
from tools.errors import UserError


@pytest.fixture
def imagenet_small(tmp_path, monkeypatch):
    """torchvision's cache with a file for Small; yields the state dict in it."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    state = torchvision.models.mobilenet_v3_small().state_dict()
    path = tmp_path / "hub" / "checkpoints" / "mobilenet_v3_small-047dcff4.pth"
    path.parent.mkdir(parents=True)
    torch.save(state, path)
    return state


def test_imagenet_comes_from_torchvisions_cache(imagenet_small):
    backbone = build_backbone("small", taps=["last"])
    assert load_backbone_weights(backbone, "imagenet") == []
    expected = from_torchvision(imagenet_small, backbone.table)
    assert torch.equal(backbone.state_dict()["last.conv.weight"], expected["last.conv.weight"])


def test_imagenet_is_never_downloaded(imagenet_small):
    with pytest.raises(UserError, match=r"(?s)mobilenet_v3_large-5c1a4163.pth is missing.*https://.* MB.*python -c"):
        load_backbone_weights(build_backbone("large", taps=["last"]), "imagenet")


def test_halved_tail_keeps_its_own_values_and_says_so(imagenet_small):
    backbone = build_backbone("small", rf2=True, taps=["block9.expand", "last"])
    before = backbone.state_dict()["last.conv.weight"].clone()
    kept = load_backbone_weights(backbone, "imagenet")
    tail = {"block9.project", "block10.expand", "block10.depthwise", "block10.se", "block10.project"}
    tail |= {name.replace("10", "11") for name in tail if "10" in name} | {"last.conv", "last.norm"}
    assert {".".join(name.split(".")[:2]) for name in kept} == tail
    assert torch.equal(backbone.state_dict()["last.conv.weight"], before)
    assert torch.equal(
        backbone.state_dict()["block9.expand.conv.weight"], imagenet_small["features.9.block.0.0.weight"]
    )


def test_real_imagenet_file_loads_whole(test_data):
    backbone = build_backbone("small", taps=["last"])
    assert load_backbone_weights(backbone, test_data / "weights" / "mobilenet_v3_small_imagenet.pth") == []


def test_features_alone_and_our_own_names_load_too(tmp_path, imagenet_small):
    first, second = (build_backbone("small", taps=["last"]) for _ in range(2))
    features = {
        key.removeprefix("features."): value for key, value in imagenet_small.items() if key.startswith("features.")
    }
    torch.save({"model": features}, tmp_path / "features.pth")
    assert load_backbone_weights(first, tmp_path / "features.pth") == []
    torch.save(first.state_dict(), tmp_path / "ours.pth")
    assert load_backbone_weights(second, tmp_path / "ours.pth") == []
    torch.testing.assert_close(second.state_dict(), first.state_dict(), atol=0, rtol=0)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "not a readable PyTorch state dict"),
        (pickle.dumps(print, protocol=2), "holding code"),
        (None, "are not a file"),
    ],
    ids=["empty", "code", "missing"],
)
def test_unreadable_files(tmp_path, content, message):
    path = tmp_path / "weights.pth"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UserError, match=message) as caught:
        load_backbone_weights(build_backbone("small", taps=["last"]), path)
    assert str(path) in str(caught.value)


def test_weights_of_another_network(tmp_path, imagenet_small):
    path = tmp_path / "small.pth"
    torch.save(imagenet_small, path)
    with pytest.raises(UserError, match=r"lacks \d+ of \d+ entries"):
        load_backbone_weights(build_backbone("large", taps=["last"]), path)
    with pytest.raises(UserError, match="another width"):
        load_backbone_weights(build_backbone("small", width=0.5, taps=["last"]), path)
    torch.save([1], path)
    with pytest.raises(UserError, match="hold a list"):
        load_backbone_weights(build_backbone("small", taps=["last"]), path)


def test_truncated_normal():
    torch.manual_seed(0)
    backbone = build_backbone("small", taps=["last"])
    init_truncated_normal(backbone, 0.03)
    kernel = backbone.state_dict()["last.conv.weight"]
    assert kernel.abs().max() <= 0.06
    assert abs(kernel.std() - 0.03 * 0.8796) < 3e-4  # deviation of a unit normal cut at 2
    assert backbone.state_dict()["block1.se.squeeze.bias"].abs().max() == 0


def test_a_file_trained_on_symmetric_inputs_is_taken_as_it_is(tmp_path):
    theirs = torchvision.models.mobilenet_v3_small().features
    torch.save(theirs.state_dict(), tmp_path / "features.pth")
    stems = {}
    for inputs in ("symmetric", "imagenet"):
        backbone = build_backbone("small", taps=["last"])
        assert load_backbone_weights(backbone, tmp_path / "features.pth", inputs=inputs) == []
        stems[inputs] = backbone.state_dict()["stem.conv.weight"]
    assert torch.equal(stems["symmetric"], theirs.state_dict()["0.0.weight"])
    assert not torch.equal(stems["symmetric"], stems["imagenet"])
