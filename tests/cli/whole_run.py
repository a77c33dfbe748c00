"""A run folder with a small detector of random weights, for calls that open it."""

import json
import shutil
from pathlib import Path
from typing import Any

from omegaconf import OmegaConf

from mnv3.cli.call.composing import composer
from mnv3.ssdlite.weights.load import detector_from_config
from mnv3.tools.weights.checkpoint import write_checkpoint

SMALL = (
    "backbone.width=0.35",
    "task.input_size=[64,64]",
    "recipe.batch_size=2",
    "data.workers=0",
    "wandb.mode=disabled",
)
STREETS = ("dataset.train=2", "dataset.val=2", "dataset.height=64", "dataset.width=64")
NAMES = ("person", "bicycle", "car", "motorcycle", "bus", "truck", "traffic light", "stop sign")


def write_whole_run(folder: Path, *dataset: str) -> None:
    """As a training on `dataset`, overrides, or else on street scenes leaves it, but for the pictures."""
    call = [f"name={folder.name}", *SMALL, *(dataset or STREETS)]
    with composer("train") as compose:
        config: Any = OmegaConf.to_container(compose(call), resolve=True)
    (folder / "checkpoints").mkdir(parents=True)
    (folder / "config.yaml").write_text(OmegaConf.to_yaml(OmegaConf.create(config)))
    (folder / "overrides.txt").write_text("".join(f"{line}\n" for line in call))
    state = {f"detector.{name}": value for name, value in detector_from_config(config, 9).state_dict().items()}
    about = {"config": config, "classes": dict(enumerate(NAMES, 1)), "num_slots": 9}
    write_checkpoint({"state_dict": state, "hyper_parameters": about, "epoch": 0}, folder / "checkpoints" / "best.ckpt")
    shutil.copyfile(folder / "checkpoints" / "best.ckpt", folder / "checkpoints" / "last.ckpt")
    (folder / "metrics.json").write_text(json.dumps({"AP": 0.3, "checkpoint": "checkpoints/best.ckpt"}))
