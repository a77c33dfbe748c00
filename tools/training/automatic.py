"""Keys whose value `auto` is chosen when the training data is open: the choice is written into the configuration."""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from omegaconf import DictConfig, OmegaConf

from mnv3.tools.runs.saved_config import read_config
from mnv3.tools.task import Training

log = logging.getLogger("mnv3")

AUTO = "auto"
CHOSEN = {"task.input_size": ("task.input_size",), "backbone.weights": ("backbone.weights", "backbone.weights_inputs")}
"""Key -> keys that are chosen if it is `auto`."""

LONGEST = 640
"""Longer side of a chosen input size, pixels: the usual one of detectors; more costs much time for little."""
MOST_STRETCHED = 4.0
"""Largest ratio of the sides of a chosen input size."""


def settle(task: Training, cfg: DictConfig, data: Any, resumed: Path | None) -> None:
    """Replace each `auto` in `cfg` by what `task` chooses for `data`, or by what the run folder `resumed` began with.
    Raises UserError."""
    keys = [each for key, chosen in CHOSEN.items() if OmegaConf.select(cfg, key) == AUTO for each in chosen]
    if not keys:
        return
    if resumed is None:
        values = task.choose(OmegaConf.to_container(cfg, resolve=True), data)  # type: ignore[arg-type]
    else:
        values = _flat(read_config(resumed / "config.yaml"))
    for key in keys:
        if key in values:
            OmegaConf.update(cfg, key, values[key], merge=False)


def _flat(config: Mapping[str, Any]) -> dict[str, Any]:
    return {f"{section}.{name}": value for section in ("task", "backbone") for name, value in config[section].items()}


def choose_size(sizes: np.ndarray, **rule: int) -> dict[str, Any]:
    """Return the value of task.input_size in place of `auto` for images of `sizes` [N, 2] (H, W), and log it.
    `rule`: as `size_for`."""
    height, width = size = size_for(sizes, **rule)
    usual = " x ".join(f"{side:g}" for side in np.median(sizes, axis=0))
    log.info(
        "Input size: %d x %d, by the training images (median %s); task.input_size=[H,W] sets another.",
        *(height, width, usual),
    )
    return {"task.input_size": size}


def size_for(sizes: np.ndarray, *, grid: int, rest: int = 0, shortest: int = 1) -> list[int]:
    """Return height and width of an input for images of `sizes` [N, 2] (H, W).

    It has their mean aspect ratio, at most 4 to 1, and their median longer side, within `shortest`..640. Both sides are
    rounded up to a multiple of `grid` plus `rest`.
    """
    ratio = np.exp(np.log(sizes[:, 0] / sizes[:, 1]).mean()).clip(1 / MOST_STRETCHED, MOST_STRETCHED)
    longer = np.clip(np.median(sizes.max(axis=1)), shortest, LONGEST)
    sides = longer * np.array([min(ratio, 1.0), min(1 / ratio, 1.0)])
    steps = np.ceil((sides - rest) / grid - 1e-6).astype(int).clip(1)
    return [int(step) * grid + rest for step in steps]
