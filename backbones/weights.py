"""Load a backbone's weights: ImageNet's, or a file's."""

import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from mnv3.backbones.names.origin import Inputs, in_our_names
from mnv3.backbones.names.torchvision import rescaled, to_symmetric_range
from mnv3.backbones.names.torchvision_cache import cached
from mnv3.backbones.narrow.cut import full_table, narrow
from mnv3.backbones.narrow.fit import can_refit, padding_of, refit
from mnv3.backbones.network import Backbone
from mnv3.backbones.rows import layer_names
from mnv3.backbones.statistics import looks_folded, restore_statistics
from mnv3.backbones.tables import FAMILIES
from mnv3.tools.errors import UserError

HALF = 127.5
"""Half of the range of pixels: -1..1 is pixel / HALF - 1."""


def load_backbone_weights(
    backbone: Backbone,
    source: str | Path,
    *,
    entries: Mapping[str, Any] | None = None,
    inputs: Inputs = "imagenet",
    pixels: tuple[float, float] | None = None,
    wanted: Inputs = "symmetric",
    images: Callable[[], Tensor] | None = None,
) -> list[str]:
    """Load what fits from `source` into `backbone`; return a line for each entry not loaded, or one for all.

    `source` is "imagenet" (torchvision's weights, from its cache) or a file with a state dict (`entries`, if already
    read): torchvision's MobileNetV2 or V3 classifier (with or without the "features." prefix), timm's of any family,
    TensorFlow's variables by slim's names (of a classifier, a detector or a segmenter), or a backbone of mnv3, alone or
    in a checkpoint.

    `inputs` is what a file in torchvision's or timm's names was trained on: "imagenet", images normalised by ImageNet's
    mean and deviation, like torchvision's own weights; or "symmetric", images in -1..1, like the weights published by
    Google, which are timm's mobilenetv1_100 and all its "tf_" networks; these also need backbone.padding=same.
    `pixels`: (scale, offset) of a "symmetric" file whose graph takes images in scale * pixel - offset instead. `wanted`
    is what the backbone gets: the stem is adapted to it.

    Wider weights, of a full network for RF2's halved tail, are cut (`backbones.narrow.cut`) and, given `images`
    [N, 3, H, W] of the data set as the backbone gets them, fitted to the full network (`backbones.narrow.fit`). Other
    entries of different shape (timm's unrounded squeezes) are skipped.

    Raises UserError if the file is missing or unreadable, lacks entries of the backbone, or is of another width.
    """
    path = weights_file(source, backbone.family)
    given: Inputs = "imagenet" if source == "imagenet" else inputs
    state, trained_on = in_our_names(entries or read_state(path), path, backbone, given)
    if (trained_on, wanted) == ("symmetric", "imagenet"):
        raise UserError(
            f"{path}: weights for images in -1..1 do not fit a network for ImageNet's mean and deviation; choose "
            "task.preset=paper, or backbone.weights_inputs=imagenet if they were trained on such images"
        )
    own = backbone.state_dict()
    if missing := [name for name in own if name not in state]:
        raise UserError(
            f"{path} does not hold the weights of this backbone: it lacks {len(missing)} of {len(own)} entries, "
            f"{missing[0]} first; choose the backbone that the file was made for"
        )
    if state["stem.conv.weight"].shape != own["stem.conv.weight"].shape:
        raise UserError(f"{path} holds a backbone of another width: not even its first layer fits this one")
    if (trained_on, wanted) == ("imagenet", "symmetric"):
        state = to_symmetric_range(state)
    elif trained_on == "symmetric" and pixels is not None:
        scale, offset = pixels
        state = rescaled(state, torch.tensor([scale * HALF]), torch.tensor([scale * HALF - offset]))
    if images is not None:
        state = _with_statistics(state, backbone, images)
    cut = _wider(state, own)
    loaded, kept = narrow(state, backbone.table) if cut else (state, {})
    fitting = {name: loaded[name] for name in own if loaded[name].shape == own[name].shape}
    backbone.load_state_dict(fitting, strict=False)
    if cut and images is not None and can_refit(backbone.table, state):
        seen = images()
        refit(backbone, state, kept, seen)
        cut = [f"{cut[0]}; the others are fitted to the full network on {len(seen)} images"]
    return [*cut, *(name for name in own if name not in fitting)]


def _with_statistics(
    state: Mapping[str, Tensor], backbone: Backbone, images: Callable[[], Tensor]
) -> Mapping[str, Tensor]:
    """Return the weights with statistics for the batch norms that were folded into them (`backbones.statistics`)."""
    if not looks_folded(state):
        return state
    table = full_table(backbone.table, state)
    full = Backbone(backbone.family, table, [layer_names(table)[-1]], padding=padding_of(backbone), bn_momentum=0)
    fitting = {name: state[name] for name, own in full.state_dict().items() if state[name].shape == own.shape}
    full.load_state_dict(fitting, strict=False)
    restore_statistics(full, images)
    restored = full.state_dict()
    return {**state, **{name: restored[name] for name in fitting}}


def _wider(state: Mapping[str, Tensor], own: Mapping[str, Tensor]) -> list[str]:
    """Return one line on the entries wider than the backbone's `own`; none if no entry is wider or any is narrower."""
    pairs = {name: (tuple(state[name].shape), tuple(value.shape)) for name, value in own.items()}
    wider = [name for name, (theirs, ours) in pairs.items() if theirs != ours]
    if any(len(theirs) != len(ours) or any(map(int.__lt__, theirs, ours)) for theirs, ours in pairs.values()):
        return []
    if not wider:
        return []
    first, last = (name.partition(".")[0] for name in (wider[0], wider[-1]))
    (theirs, *_), (ours, *_) = pairs[wider[-1]]
    return [f"from {first} to {last} the channels worth the least ({theirs - ours} of {theirs} in {last})"]


def weights_file(source: str | Path, family: str) -> Path:
    """Return the file that `source` names; "imagenet": torchvision's of a family. Raises UserError: not there."""
    if source != "imagenet":
        return Path(source)
    name, timm = FAMILIES[family].imagenet, FAMILIES[family].timm
    if name is None:
        raise UserError(
            f"backbone.weights=imagenet: torchvision has no {family}. Give a file with timm's state dict of "
            f"{timm}, or with one of mnv3: backbone.weights=FILE"
        )
    return cached(f"{name}.DEFAULT", "ImageNet weights")


def read_state(path: Path) -> Mapping[str, Any]:
    """Read a state dict from a file that holds it bare or under "state_dict" or "model". Raises UserError: cannot."""
    if not path.is_file():
        raise UserError(f"backbone weights {path} are not a file; give a path, imagenet, or null for random weights")
    try:
        _compare_checksums(path)
        content = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises many kinds: pickle, zip, end of file, key errors
        raise UserError(
            f"backbone weights {path} are not a readable PyTorch state dict: truncated, damaged, of another format, or "
            "holding code, which is never run"
        ) from error
    for key in ("state_dict", "model"):
        if isinstance(content, Mapping) and isinstance(content.get(key), Mapping):
            content = content[key]
    if not isinstance(content, Mapping):
        raise UserError(f"backbone weights {path} hold a {type(content).__name__}, not a state dict")
    return content


def _compare_checksums(path: Path) -> None:
    """Raise zipfile.BadZipFile if a record does not match its checksum, which PyTorch does not verify."""
    if not zipfile.is_zipfile(path):
        return
    with zipfile.ZipFile(path) as archive:
        written = any(record.CRC for record in archive.infolist())  # PyTorch can omit them
        folders = any(record.external_attr & 0x10 for record in archive.infolist())  # which have no bytes to read
        if folders or (written and archive.testzip()):
            raise zipfile.BadZipFile("a record does not match its checksum")
