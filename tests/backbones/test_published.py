"""Published weights found on this machine."""

import json
from pathlib import Path
from typing import Any

import pytest
from safetensors.torch import save_file

from mnv3.backbones.published import find_published, how_to_get

timm = pytest.importorskip("timm")

BACKBONE = {"name": "small", "width": 1.0, "rf2": False, "se": True, "hswish": True, "max_kernel": 5, "weights": "auto"}


def backbone(**changes: Any) -> dict[str, Any]:
    """The section of a configuration."""
    return {**BACKBONE, **changes}


@pytest.fixture(autouse=True)
def empty_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No weights and no runs."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    monkeypatch.delenv("HF_HUB_CACHE", raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write_timm(machine: Path, model: str, mean: float = 0.5) -> Path:
    """Write a file as the hub's client caches it, with timm's own names."""
    folder = machine / "hf" / "hub" / f"models--timm--{model}" / "snapshots" / "abc"
    folder.mkdir(parents=True)
    save_file(timm.create_model(model.partition(".")[0]).state_dict(), folder / "model.safetensors")
    (folder / "config.json").write_text(json.dumps({"pretrained_cfg": {"mean": [mean] * 3}}))
    return folder / "model.safetensors"


def test_nothing_there() -> None:
    assert find_published(backbone(), "symmetric") is None
    assert "mobilenet_v3_small-047dcff4.pth" in how_to_get(backbone())
    assert "http" not in how_to_get(backbone(name="mnasnet"))


def test_torchvisions_cache_comes_first(empty_machine: Path) -> None:
    file = empty_machine / "torch" / "hub" / "checkpoints" / "mobilenet_v3_small-047dcff4.pth"
    file.parent.mkdir(parents=True)
    file.touch()
    write_timm(empty_machine, "tf_mobilenetv3_small_100.in1k")
    found = find_published(backbone(rf2=True), "symmetric")  # cut when loaded
    assert found and found[:2] == ("imagenet", "imagenet")
    assert find_published(backbone(width=0.75), "symmetric") is None
    for changes in ({"se": False}, {"hswish": 16}, {"stem": 32}):
        assert find_published(backbone(**changes), "symmetric") is None
    assert find_published(backbone(hswish=40), "symmetric") == found  # Small's own


def test_timms_cache_says_what_its_weights_take(empty_machine: Path) -> None:
    path = write_timm(empty_machine, "tf_mobilenetv3_small_075.in1k")
    found = find_published(backbone(width=0.75), "symmetric")
    assert found and found[:2] == (str(path), "symmetric")
    assert find_published(backbone(width=0.75), "imagenet") is None  # does not fit
    assert find_published(backbone(), "symmetric") is None
    path.with_name("config.json").write_text("{}")
    assert find_published(backbone(width=0.75), "symmetric") is None
