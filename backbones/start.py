"""The best first weights of a backbone that are on this machine: backbone.weights=auto. Never downloads."""

import json
import logging
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from mnv3.backbones.names.origin import Inputs
from mnv3.backbones.names.torchvision_cache import cached, how_to_fetch
from mnv3.backbones.tables import FAMILIES
from mnv3.tools.errors import UserError
from mnv3.tools.runs.find import finished_runs
from mnv3.tools.runs.folder import display_path

log = logging.getLogger("mnv3")

SAME = ("name", "width", "rf2", "se", "hswish", "max_kernel")
"""Keys of a backbone whose values decide whether the weights of a run fit."""

PLACES = ("name", "path", "train_json", "train_images")
"""Keys of a data set that identify it."""


class Start(NamedTuple):
    """A value of backbone.weights, None for random weights, with that of backbone.weights_inputs, and a sentence."""

    weights: str | None
    inputs: Inputs
    sentence: str


def best_start(config: Mapping[str, Any], wanted: Inputs, runs: Path = Path("runs")) -> Start:
    """Choose the first weights of the backbone of `config`, a whole configuration: ImageNet weights from torchvision's
    cache or from that of Hugging Face (timm's), else the newest finished run with the same backbone on other data.
    `wanted`: the inputs that the network takes; weights for -1..1 do not fit one for ImageNet's mean and deviation."""
    backbone = config["backbone"]
    name, hint = backbone["name"], "backbone.weights=FILE takes weights of torchvision, timm or TensorFlow"
    if _is_plain(backbone):
        weights = f"{FAMILIES[name].imagenet}.DEFAULT" if FAMILIES[name].imagenet and backbone["width"] == 1 else None
        if found := (weights and _torchvision(weights)) or _timm(backbone, wanted):
            return found
        hint = f"to get them, {how_to_fetch(weights)}" if weights else hint
    lacking = f"no ImageNet weights of this backbone ({name}) are on this machine; {hint}"
    for folder, saved in finished_runs(runs):
        if _fits(saved, config):
            best = folder / "checkpoints" / "best.ckpt"
            other = saved["dataset"]["name"]
            line = f"First weights: of your run {display_path(folder)} (dataset={other}), since {lacking}"
            return Start(str(best), "imagenet", line)
    return Start(None, "imagenet", f"First weights: random, since {lacking}")


def choose_start(config: Mapping[str, Any], wanted: Inputs) -> dict[str, Any]:
    """Return the values of backbone.weights and backbone.weights_inputs in place of backbone.weights=auto, and log the
    choice; nothing for another value. As `best_start`."""
    if config["backbone"]["weights"] != "auto":
        return {}
    start = best_start(config, wanted)
    log.info("%s", start.sentence)
    return {"backbone.weights": start.weights, "backbone.weights_inputs": start.inputs}


def _is_plain(backbone: Mapping[str, Any]) -> bool:
    """Whether published weights can fit: they have the family's own layers. RF2 is cut from them."""
    return bool(backbone["se"] and backbone["hswish"] and backbone["max_kernel"] == 5)


def _torchvision(weights: str) -> Start | None:
    """Return torchvision's `weights` if they are in its cache."""
    try:
        path = cached(weights, "ImageNet weights")
    except UserError:
        return None
    return Start("imagenet", "imagenet", f"First weights: torchvision's of ImageNet, {path}")


def _timm(backbone: Mapping[str, Any], wanted: Inputs) -> Start | None:
    """Return timm's weights of the backbone from the cache of Hugging Face, the newest first."""
    family = FAMILIES[backbone["name"]]
    name = family.timm.removesuffix("100") + f"{round(100 * backbone['width']):03}"
    hub = Path(os.environ.get("HF_HUB_CACHE") or Path(os.environ.get("HF_HOME") or "~/.cache/huggingface") / "hub")
    found: Sequence[Path] = [
        path
        for prefix in ("", "tf_")
        for path in hub.expanduser().glob(f"models--timm--{prefix}{name}.*/snapshots/*/model.safetensors")
    ]
    for path in sorted(found, key=lambda path: path.stat().st_mtime, reverse=True):
        inputs = _inputs(path.with_name("config.json"))
        if inputs is not None and (inputs, wanted) != ("symmetric", "imagenet"):
            model = path.parts[-4].removeprefix("models--timm--")
            return Start(str(path), inputs, f"First weights: timm's {model} of ImageNet, {path}")
    return None


def _inputs(config: Path) -> Inputs | None:
    """Return what timm's weights were trained on, by the file beside them; None if it cannot be read."""
    try:
        mean = json.loads(config.read_text())["pretrained_cfg"]["mean"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    known: dict[tuple[float, ...], Inputs] = {(0.5, 0.5, 0.5): "symmetric", (0.485, 0.456, 0.406): "imagenet"}
    return known.get(tuple(mean)) if isinstance(mean, list) else None


def _fits(saved: Mapping[str, Any], config: Mapping[str, Any]) -> bool:
    """Whether a run has the same backbone and learnt from other data: its own would flatter the new run's scores."""
    theirs, ours = saved.get("backbone", {}), config["backbone"]
    before, now = saved.get("dataset", {}), config["dataset"]
    same_preset = saved.get("task", {}).get("preset") == config["task"]["preset"]
    return (
        same_preset
        and all(theirs.get(key) == ours[key] for key in SAME)
        and any(before.get(key) != now.get(key) for key in PLACES)
    )
