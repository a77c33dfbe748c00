"""Which run is meant, and what of the call changes its configuration."""

import os
from pathlib import Path
from typing import Any

import pytest
from omegaconf import DictConfig, OmegaConf

from mnv3.tools.errors import UserError
from mnv3.tools.runs.find import find, lay_over, typed_keys, wanted


def config(backbone: str = "small", **more: Any) -> dict[str, Any]:
    return {
        "task": {"name": "ssdlite", "preset": "paper", "input_size": [320, 320]},
        "backbone": {"name": backbone, "rf2": False},
        "recipe": {"name": "quick"},
        "dataset": {"name": "streets", "val": 200},
        "data": {"root": "./data", "workers": 3},
        "wandb": {"mode": None, "project": "mine"},
        **more,
    }


def call(**more: Any) -> DictConfig:
    return OmegaConf.create({**config(), "eval": {"split": "val"}, **more})


def make_run(runs: Path, name: str, age: int, *files: str, backbone: str = "small") -> Path:
    """A run folder whose checkpoints are `age` seconds old."""
    folder = runs / "ssdlite" / name
    (folder / "checkpoints").mkdir(parents=True)
    OmegaConf.save(OmegaConf.create(config(backbone)), folder / "config.yaml")
    for file in files:
        path = folder / "checkpoints" / file
        path.write_bytes(b"")
        os.utime(path, (1e9 - age, 1e9 - age))
    return folder


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    make_run(tmp_path, "old-small", 50, "best.ckpt", "last.ckpt")
    make_run(tmp_path, "new-small", 10, "last.ckpt")
    make_run(tmp_path, "old-large", 40, "best.ckpt", backbone="large")
    make_run(tmp_path, "just-begun", 0)
    return tmp_path


def found(runs: Path, run: str | None = None, ckpt: str | None = None, **asked: Any) -> str:
    source = find(runs, "ssdlite", run, ckpt, {key.replace("_", "."): value for key, value in asked.items()})
    return str(source.checkpoint.relative_to(runs / "ssdlite"))


def test_newest_run_that_has_a_checkpoint(runs: Path) -> None:
    assert found(runs) == "new-small/checkpoints/last.ckpt"
    assert found(runs, backbone_name="large") == "old-large/checkpoints/best.ckpt"


def test_a_run_by_folder_or_name_and_a_checkpoint_inside_it(runs: Path) -> None:
    assert found(runs, run=str(runs / "ssdlite" / "old-small")) == "old-small/checkpoints/best.ckpt"
    assert found(runs, run="old-small") == "old-small/checkpoints/best.ckpt"
    inside = runs / "ssdlite" / "old-small" / "checkpoints" / "last.ckpt"
    assert find(runs, "ssdlite", None, str(inside), {}).folder == (runs / "ssdlite" / "old-small").resolve()
    outside = runs / "alone.ckpt"
    outside.write_bytes(b"")
    assert find(runs, "ssdlite", None, str(outside), {}).folder is None


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"backbone_rf2": True}, r"no trained run of task=ssdlite backbone.rf2=true in .*mnv3 train task=ssdlite"),
        ({"run": "nope"}, "run=nope: there is no such folder; .* new-small, old-large, old-small"),
        ({"run": "just-begun"}, "holds no checkpoint"),
        ({"ckpt": "nope.ckpt"}, "ckpt=nope.ckpt: there is no such file"),
        ({"run": "a", "ckpt": "b"}, "give one of them"),
    ],
)
def test_nothing_there_is_said(runs: Path, given: dict[str, Any], sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        found(runs, **given)


def test_no_runs_at_all(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="Train one with `mnv3 train task=ssdlite`"):
        found(tmp_path)


def test_typed_keys_say_which_run_or_change_it() -> None:
    typed = typed_keys(
        ["task=ssdlite", "backbone=large", "++backbone.rf2=true", "dataset=coco", "task.input_size=[9,9]"]
    )
    assert typed == ["task", "backbone", "backbone.rf2", "dataset", "task.input_size"]
    cfg = call(backbone={"name": "large", "rf2": True})
    assert wanted(cfg, typed) == {"backbone.name": "large", "backbone.rf2": True}


def test_only_what_was_typed_changes_the_run(tmp_path: Path) -> None:
    own = config("large", data={"root": str(tmp_path), "workers": 3})
    cfg = call(data={"root": "/other", "workers": 8}, dataset={"name": "coco"})
    assert lay_over(own, cfg, []) == {**own, "eval": {"split": "val"}}
    laid = lay_over(own, cfg, ["data.workers", "backbone"])
    assert laid["data"] == {"root": str(tmp_path), "workers": 8}
    assert laid["backbone"]["name"] == "large"


def test_the_data_root_is_the_call_s_for_another_data_set_or_where_the_run_s_is_gone(tmp_path: Path) -> None:
    cfg = call(data={"root": "/other", "workers": 8}, dataset={"name": "coco"})
    there, gone = (config(data={"root": str(root), "workers": 3}) for root in (tmp_path, tmp_path / "gone"))
    laid = lay_over(there, cfg, ["dataset"])
    assert (laid["data"]["root"], laid["dataset"], laid["data"]["workers"]) == ("/other", {"name": "coco"}, 3)
    assert lay_over(gone, cfg, [])["data"]["root"] == "/other"
    assert lay_over(there, cfg, [])["data"]["root"] == str(tmp_path)


def test_what_the_call_leaves_out_of_eval_is_the_run_s() -> None:
    """A run that was validated with more boxes an image is scored with them."""
    run = {"data": {"root": "."}, "dataset": {"name": "coco"}, "eval": {"max_detections": 300}}
    cfg = OmegaConf.create({**run, "eval": {"split": "test", "max_detections": None}})
    assert lay_over(run, cfg, [])["eval"] == {"split": "test", "max_detections": 300}
    cfg.eval.max_detections = 100
    assert lay_over(run, cfg, ["eval.max_detections"])["eval"] == {"split": "test", "max_detections": 100}
    assert lay_over({**run, "eval": None}, cfg, [])["eval"]["max_detections"] == 100
