"""The first weights of a run with backbone.weights=auto: published ones, or the user's own run on other data."""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from mnv3.tools.runs.find import finished_runs
from mnv3.tools.runs.folder import display_path

log = logging.getLogger("mnv3")

SAME = ("name", "width", "rf2", "se", "hswish", "max_kernel", "stem")
"""Keys of a backbone whose values decide whether the weights of a run fit."""

PLACES = ("name", "path", "train_json", "train_images")
"""Keys of a data set that identify it."""


class Published(Protocol):
    """See `backbones.published`."""

    @property
    def weights(self) -> str: ...
    @property
    def inputs(self) -> str: ...
    @property
    def title(self) -> str: ...


def choose_start(
    config: Mapping[str, Any], published: Published | None, hint: str, runs: Path = Path("runs")
) -> dict[str, Any]:
    """Return values of backbone.weights and backbone.weights_inputs in place of backbone.weights=auto of `config`, a
    whole configuration, and log the choice: the `published` weights, else those of the newest finished run in `runs`
    with the same backbone on other data, else random ones. `hint`: how to get published weights."""
    backbone = config["backbone"]["name"]
    lacking = f"because no ImageNet weights of this backbone ({backbone}) are on this machine; {hint}"
    weights, inputs, line = None, "imagenet", f"random, {lacking}"
    if published:
        weights, inputs, line = published.weights, published.inputs, published.title
    elif run := next((folder for folder, saved in finished_runs(runs) if _fits(saved, config)), None):
        weights, line = str(run / "checkpoints" / "best.ckpt"), f"of your run {display_path(run)}, {lacking}"
    log.info("First weights: %s", line)
    return {"backbone.weights": weights, "backbone.weights_inputs": inputs}


def _fits(saved: Mapping[str, Any], config: Mapping[str, Any]) -> bool:
    """Whether a run has the same backbone and learnt from other data: its own would flatter the new run's scores."""
    theirs, ours = saved.get("backbone", {}), config["backbone"]
    before, now = saved.get("dataset", {}), config["dataset"]
    same_preset = saved.get("task", {}).get("preset") == config["task"]["preset"]
    return (
        same_preset
        and all(theirs.get(key) == ours.get(key) for key in SAME)
        and any(before.get(key) != now.get(key) for key in PLACES)
    )
