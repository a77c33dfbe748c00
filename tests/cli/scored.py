"""Run folders of the paper's rows with made-up scores."""

import json
from pathlib import Path
from typing import Any

from omegaconf import OmegaConf

from mnv3.cli.call.composing import composer


def write_run(runs: Path, name: str, overrides: list[str], metrics: dict[str, Any] | None) -> Path:
    """A run folder as a training with `overrides` leaves it, without weights; `metrics` None leaves no score."""
    with composer("train") as compose:
        config = compose(overrides)
    folder = runs / config.task.name / name
    (folder / "checkpoints").mkdir(parents=True)
    (folder / "checkpoints/best.ckpt").touch()
    (folder / "config.yaml").write_text(OmegaConf.to_yaml(config, resolve=True))
    if metrics is not None:
        write_metrics(folder, {"checkpoint": "checkpoints/best.ckpt", **metrics})
    return folder


def write_report(folder: Path, overrides: list[str], more: dict[str, Any], metrics: dict[str, Any]) -> Path:
    """A report of `mnv3 eval weights=DIR/ssd dataset=coco`; `more`: of its config.yaml."""
    with composer("eval") as compose:
        config: Any = OmegaConf.to_container(compose([*overrides, "dataset=coco"]), resolve=True)
    data = {"dataset": "coco", "split": "val", "input_size": config["task"]["input_size"]}
    write_metrics(folder, {"checkpoint": "DIR/ssd", **data, **metrics})
    (folder / "config.yaml").write_text(OmegaConf.to_yaml(OmegaConf.create({**config, **more})))
    return folder


def write_metrics(folder: Path, metrics: dict[str, Any]) -> None:
    """metrics.json of a run folder or a report in it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "metrics.json").write_text(json.dumps(metrics))
