"""The first weights that backbone.weights=auto chooses."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from safetensors.torch import save_file

from mnv3.backbones.start import Start, best_start, choose_start

timm = pytest.importorskip("timm")

BACKBONE = {"name": "small", "width": 1.0, "rf2": False, "se": True, "hswish": True, "max_kernel": 5, "weights": "auto"}


def config(**changes: Any) -> dict[str, Any]:
    """A configuration of a run on boxes in a folder."""
    return {
        "task": {"name": "ssdlite", "preset": "paper"},
        "backbone": {**BACKBONE, **changes},
        "dataset": {"name": "boxes", "path": "cells"},
    }


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


def write_run(machine: Path, folder_name: str, dataset: dict[str, str], **changes: Any) -> Path:
    """Write what a finished run leaves, as far as it counts here."""
    folder = machine / "runs" / "ssdlite" / folder_name
    (folder / "checkpoints").mkdir(parents=True)
    (folder / "config.yaml").write_text(yaml.safe_dump({**config(**changes), "dataset": dataset}))
    (folder / "metrics.json").write_text("{}")
    torch.save({}, folder / "checkpoints" / "best.ckpt")
    return folder


def test_nothing_there_is_random_and_names_the_download() -> None:
    start = best_start(config(), "symmetric")
    assert start.weights is None and "mobilenet_v3_small-047dcff4.pth" in start.sentence
    assert "http" not in best_start(config(name="mnasnet"), "symmetric").sentence


def test_torchvisions_cache_comes_first(empty_machine: Path) -> None:
    file = empty_machine / "torch" / "hub" / "checkpoints" / "mobilenet_v3_small-047dcff4.pth"
    file.parent.mkdir(parents=True)
    file.touch()
    write_timm(empty_machine, "tf_mobilenetv3_small_100.in1k")
    assert best_start(config(), "symmetric")[:2] == ("imagenet", "imagenet")
    assert best_start(config(rf2=True), "symmetric").weights == "imagenet"  # cut
    assert best_start(config(width=0.75), "symmetric").weights is None
    assert best_start(config(se=False), "symmetric").weights is None


def test_timms_cache_says_what_its_weights_take(empty_machine: Path) -> None:
    path = write_timm(empty_machine, "tf_mobilenetv3_small_075.in1k")
    assert best_start(config(width=0.75), "symmetric")[:2] == (str(path), "symmetric")
    assert best_start(config(width=0.75), "imagenet").weights is None  # does not fit
    assert best_start(config(), "symmetric").weights is None
    path.with_name("config.json").write_text("{}")
    assert best_start(config(width=0.75), "symmetric").weights is None


def test_a_run_on_other_data_comes_last(empty_machine: Path) -> None:
    write_run(empty_machine, "same-data", {"name": "boxes", "path": "cells"})
    write_run(empty_machine, "other-network", {"name": "streets"}, name="large")
    assert best_start(config(), "symmetric").weights is None
    run = write_run(empty_machine, "streets", {"name": "streets"})
    start = best_start(config(), "symmetric")
    assert start.weights == "runs/ssdlite/streets/checkpoints/best.ckpt" and "streets" in start.sentence
    (run / "metrics.json").unlink()  # not finished
    assert best_start(config(), "symmetric").weights is None


def test_only_auto_is_replaced() -> None:
    assert choose_start(config(weights=None), "symmetric") == {}
    assert choose_start(config(), "symmetric") == {"backbone.weights": None, "backbone.weights_inputs": "imagenet"}
    assert isinstance(best_start(config(), "symmetric"), Start)
