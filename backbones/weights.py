"""Weights of a backbone: ImageNet's, or a file's."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import torch
from torch import Tensor
from torchvision.models import MobileNet_V3_Large_Weights, MobileNet_V3_Small_Weights, WeightsEnum

from backbones.network import Backbone
from backbones.torchvision_names import from_torchvision, to_symmetric_range
from tools.errors import UserError

Inputs = Literal["imagenet", "symmetric"]

IMAGENET: dict[str, WeightsEnum] = {
    "large": MobileNet_V3_Large_Weights.DEFAULT,
    "small": MobileNet_V3_Small_Weights.DEFAULT,
}


def load_backbone_weights(
    backbone: Backbone, source: str | Path, *, inputs: Inputs = "imagenet", wanted: Inputs = "symmetric"
) -> list[str]:
    """Load what fits from `source` into `backbone`; return the names of the entries that kept their former values.

    `source` is "imagenet", torchvision's own weights from torchvision's cache, or a file with a state dict: one of
    torchvision's MobileNetV3 classifiers (with or without the "features." prefix), or a backbone of ours. `inputs` says
    what a file of torchvision's names was trained on: images normalised by ImageNet's mean and deviation, as
    torchvision's own weights; or "symmetric", images in -1..1, as the weights that Google published. `wanted` says what
    the backbone gets: the stem is adapted to that. An entry of another shape (the halved tail of RF2, another width) is
    not loaded.

    Raises UserError if the file is missing or unreadable, lacks entries that the backbone has, or fits nowhere.
    """
    path = _imagenet_file(backbone) if source == "imagenet" else Path(source)
    trained_on = "imagenet" if source == "imagenet" else inputs
    if (trained_on, wanted) == ("symmetric", "imagenet"):
        raise UserError(
            f"{path}: weights for images in -1..1 do not go into a network for ImageNet's mean and deviation; choose "
            "task.preset=paper, or backbone.weights_inputs=imagenet if that is what they were trained on"
        )
    adapt = trained_on != wanted
    entries = _our_names(_read(path), backbone, adapt)
    own = backbone.state_dict()
    if missing := [name for name in own if name not in entries]:
        raise UserError(
            f"{path} does not hold the weights of this backbone: it lacks {len(missing)} of {len(own)} entries, "
            f"{missing[0]} first; choose the backbone that the file was made for"
        )
    fitting = {name: entries[name] for name in own if entries[name].shape == own[name].shape}
    kept = [name for name in own if name not in fitting]
    if "stem.conv.weight" in kept:
        raise UserError(f"{path} holds a backbone of another width: not even its first layer fits this one")
    backbone.load_state_dict(fitting, strict=False)
    return kept


def _imagenet_file(backbone: Backbone) -> Path:
    """torchvision's cached file for the backbone's family; never downloads."""
    weights = IMAGENET[backbone.family]
    path = Path(torch.hub.get_dir()) / "checkpoints" / Path(weights.url).name
    if not path.exists():
        raise UserError(
            f"ImageNet weights are not in torchvision's cache: {path} is missing. Fetch {weights.url} "
            f"({weights.meta['_file_size']:.0f} MB) to that place with: "
            f'python -c "import torch; torch.hub.load_state_dict_from_url({weights.url!r})"'
        )
    return path


def _read(path: Path) -> Mapping[str, Any]:
    """A state dict from a file that holds one, bare or under "state_dict" or "model"."""
    if not path.is_file():
        raise UserError(f"backbone weights {path} are not a file; give a path, imagenet, or null for random weights")
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises many kinds: pickle, zip, end of file, key errors
        raise UserError(
            f"backbone weights {path} are not a readable PyTorch state dict: truncated, of another format, or holding "
            "code, which is never run"
        ) from error
    for key in ("state_dict", "model"):
        if isinstance(content, Mapping) and isinstance(content.get(key), Mapping):
            content = content[key]
    if not isinstance(content, Mapping):
        raise UserError(f"backbone weights {path} hold a {type(content).__name__}, not a state dict")
    return content


def _our_names(entries: Mapping[str, Any], backbone: Backbone, adapt: bool) -> dict[str, Tensor]:
    """The tensors among `entries` by our names; `adapt` torchvision's to images in -1..1."""
    entries = {key: value for key, value in entries.items() if isinstance(value, Tensor)}
    if "stem.conv.weight" in entries:
        return entries
    if "0.0.weight" in entries:  # torchvision's `model.features` on its own
        entries = {f"features.{key}": value for key, value in entries.items()}
    renamed = from_torchvision(entries, backbone.table)
    return to_symmetric_range(renamed) if adapt and "stem.conv.weight" in renamed else renamed
