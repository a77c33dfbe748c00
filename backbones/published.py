"""Published ImageNet weights of a backbone that are on this machine. Never downloads."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from mnv3.backbones.ablations import keeps_hswish
from mnv3.backbones.names.origin import Inputs
from mnv3.backbones.names.torchvision_cache import cached, how_to_fetch
from mnv3.backbones.tables import FAMILIES, TABLES
from mnv3.tools.errors import UserError


class Published(NamedTuple):
    """Weights to start from: values of backbone.weights and backbone.weights_inputs, and their name for messages."""

    weights: str
    inputs: Inputs
    title: str


def find_published(backbone: Mapping[str, Any], wanted: Inputs) -> Published | None:
    """Return ImageNet weights for the section `backbone` of a configuration, from torchvision's cache or else from that
    of Hugging Face (timm's); None if there are none, or the backbone has other layers than the published networks.
    `wanted`: the inputs that the network takes; weights for -1..1 do not fit one for ImageNet's mean and deviation."""
    if not _is_plain(backbone):
        return None
    return _torchvision(backbone) or _timm(backbone, wanted)


def how_to_get(backbone: Mapping[str, Any]) -> str:
    """Return part of a sentence on where published weights come from."""
    if (name := _name(backbone)) and _is_plain(backbone):
        return f"to get them, fetch {how_to_fetch(name)}"
    return "backbone.weights=FILE takes weights of torchvision, timm or TensorFlow"


def _name(backbone: Mapping[str, Any]) -> str | None:
    """Return torchvision's name of the weights, if it has the network."""
    name = FAMILIES[backbone["name"]].imagenet
    return f"{name}.DEFAULT" if name and backbone["width"] == 1 else None


def _is_plain(backbone: Mapping[str, Any]) -> bool:
    """Whether published weights can fit: they have the family's own layers. RF2 is cut from them."""
    changed = not backbone["se"] or backbone["max_kernel"] != 5 or backbone.get("stem") is not None
    return not changed and keeps_hswish(TABLES[backbone["name"]], backbone["hswish"])


def _torchvision(backbone: Mapping[str, Any]) -> Published | None:
    """Return torchvision's weights if they are in its cache."""
    name = _name(backbone)
    try:
        path = cached(name, "ImageNet weights") if name else None
    except UserError:
        path = None
    return Published("imagenet", "imagenet", f"torchvision's of ImageNet, {path}") if path else None


def _timm(backbone: Mapping[str, Any], wanted: Inputs) -> Published | None:
    """Return timm's weights of the backbone from the cache of Hugging Face, the newest first."""
    family = FAMILIES[backbone["name"]]
    name = family.timm.removesuffix("100") + f"{round(100 * backbone['width']):03}"
    hub = Path(os.environ.get("HF_HUB_CACHE") or Path(os.environ.get("HF_HOME") or "~/.cache/huggingface") / "hub")
    found = [
        path
        for prefix in ("", "tf_")
        for path in hub.expanduser().glob(f"models--timm--{prefix}{name}.*/snapshots/*/model.safetensors")
    ]
    for path in sorted(found, key=lambda path: path.stat().st_mtime, reverse=True):
        inputs = _inputs(path.with_name("config.json"))
        if inputs is not None and (inputs, wanted) != ("symmetric", "imagenet"):
            model = path.parts[-4].removeprefix("models--timm--")
            return Published(str(path), inputs, f"timm's {model} of ImageNet, {path}")
    return None


def _inputs(config: Path) -> Inputs | None:
    """Return what timm's weights were trained on, by the file beside them; None if it cannot be read."""
    try:
        mean = json.loads(config.read_text())["pretrained_cfg"]["mean"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    known: dict[tuple[float, ...], Inputs] = {(0.5, 0.5, 0.5): "symmetric", (0.485, 0.456, 0.406): "imagenet"}
    return known.get(tuple(mean)) if isinstance(mean, list) else None
