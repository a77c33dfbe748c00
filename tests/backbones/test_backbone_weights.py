"""Loading weights: what fits is loaded, the rest is named, mistakes are one sentence."""

import pickle

import numpy as np
import pytest
import torch
import torchvision

from mnv3.backbones.initial import init_truncated_normal
from mnv3.backbones.names.torchvision import from_torchvision
from mnv3.backbones.network import build_backbone
from mnv3.backbones.weights import load_backbone_weights
from mnv3.tools.errors import UserError
from mnv3.tools.weights.tensorflow.frozen import read_graph


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


def test_a_halved_tail_gets_half_of_the_channels_and_says_so(imagenet_small):
    backbone = build_backbone("small", rf2=True, taps=["block9.expand", "last"])
    left = load_backbone_weights(backbone, "imagenet")
    assert left == ["from block9 to last the channels worth the least (288 of 576 in last)"]
    theirs = imagenet_small["features.12.0.weight"].flatten(1)
    ours = backbone.state_dict()["last.conv.weight"].flatten(1)
    assert all(any(set(row.tolist()) <= set(full.tolist()) for full in theirs) for row in ours)
    assert torch.equal(
        backbone.state_dict()["block9.expand.conv.weight"], imagenet_small["features.9.block.0.0.weight"]
    )


def test_a_narrower_file_leaves_the_wide_tail_as_it_is(tmp_path):
    halved, full = (build_backbone("small", rf2=rf2, taps=["last"]) for rf2 in (True, False))
    torch.save(halved.state_dict(), tmp_path / "halved.pth")
    before = full.state_dict()["last.conv.weight"].clone()
    kept = load_backbone_weights(full, tmp_path / "halved.pth")
    tail = {"block9.project", "block10.expand", "block10.depthwise", "block10.se", "block10.project"}
    tail |= {name.replace("10", "11") for name in tail if "10" in name} | {"last.conv", "last.norm"}
    assert {".".join(name.split(".")[:2]) for name in kept} == tail
    assert torch.equal(full.state_dict()["last.conv.weight"], before)


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


@pytest.mark.parametrize("family", ["small", "large"])
@pytest.mark.parametrize(("kind", "inputs", "padding"), [("tf_", "symmetric", "same"), ("", "imagenet", "symmetric")])
@torch.inference_mode()
def test_timm_s_networks(tmp_path, randomise, family, kind, inputs, padding):
    timm = pytest.importorskip("timm")
    theirs = randomise(timm.create_model(f"{kind}mobilenetv3_{family}_100", pretrained=False))
    torch.save(theirs.state_dict(), tmp_path / "timm.pth")
    backbone = build_backbone(family, taps=["last"], padding=padding)
    assert load_backbone_weights(backbone, tmp_path / "timm.pth", inputs=inputs, wanted=inputs) == []
    image = torch.randn(2, 3, 224, 224)
    features = backbone.eval()(image)["last"]
    torch.testing.assert_close(features, theirs.forward_features(image), atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(theirs.forward_head(features), theirs(image), atol=1e-4, rtol=1e-4)


def test_variables_of_tensorflow(test_data):
    """A detector's and a segmenter's, whose tails are halved in two ways; another family's are refused."""
    oracle = test_data / "oracle_tf"
    graph = read_graph(oracle / "ssd_v3_small_random_frozen.pb").constants
    backbone = build_backbone("small", rf2=True, taps=["last"], padding="same")
    assert load_backbone_weights(backbone, "graph.pb", entries=graph) == []
    stem = torch.from_numpy(graph["FeatureExtractor/MobilenetV3/Conv/weights"].copy()).permute(3, 2, 0, 1)
    assert torch.equal(backbone.state_dict()["stem.conv.weight"], stem)
    classifier = np.load(oracle / "cls_v3_large_224_vars.npz")
    assert load_backbone_weights(build_backbone("large", taps=["last"]), "vars", entries=classifier) == []
    with pytest.raises(UserError, match="vars holds backbone=large, not small"):
        load_backbone_weights(build_backbone("small", taps=["last"]), "vars", entries=classifier)


def test_a_backbone_inside_a_checkpoint_of_ours(tmp_path):
    source, target = (build_backbone("small", taps=["last"]) for _ in range(2))
    state = {f"detector.backbone.{name}": value for name, value in source.state_dict().items()}
    torch.save({"state_dict": {**state, "detector.head.bias": torch.zeros(1)}}, tmp_path / "x.ckpt")
    assert load_backbone_weights(target, tmp_path / "x.ckpt") == []
    assert torch.equal(target.state_dict()["last.conv.weight"], source.state_dict()["last.conv.weight"])


def test_a_flipped_bit_is_found(tmp_path):
    """PyTorch does not compare the checksums of its files."""
    path = tmp_path / "x.pth"
    torch.save({"stem.conv.weight": torch.ones(16, 3, 3, 3)}, path)
    content = bytearray(path.read_bytes())
    content[content.index(b"\x00\x00\x80\x3f") + 3] ^= 0x40
    path.write_bytes(content)
    with pytest.raises(UserError, match="damaged"):
        load_backbone_weights(build_backbone("small", taps=["last"]), path)
