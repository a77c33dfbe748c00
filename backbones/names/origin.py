"""Whose weights of a backbone these are (mnv3's, TensorFlow's, timm's or torchvision's), by the names of the entries.

Of whole networks the tasks decide: `ssdlite/weights/origin.py`, `lraspp/weights/origin.py`. Which kind of file it is,
`tools/weights/formats.py` sees; which family and width, `backbones/names/architecture.py`.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from torch import Tensor

from mnv3.backbones.blocks import BN_EPSILON
from mnv3.backbones.names.architecture import in_slims, recognise
from mnv3.backbones.names.foreign import refuse_foreign
from mnv3.backbones.names.slim import from_slim
from mnv3.backbones.names.timm import TIMM_EPSILON, from_timm
from mnv3.backbones.names.torchvision import from_torchvision
from mnv3.backbones.names.unfold import unfolded
from mnv3.backbones.network import Backbone
from mnv3.backbones.tables import FAMILIES
from mnv3.tools.errors import UserError

Inputs = Literal["imagenet", "symmetric"]

STEM, SLIM, TIMM = "stem.conv.weight", "Mobilenet", "conv_stem.weight"
"""Parts of entry names that identify mnv3's and TensorFlow's weights, and an entry of timm's."""


def in_our_names(
    entries: Mapping[str, Any], path: Path, backbone: Backbone, inputs: Inputs
) -> tuple[dict[str, Tensor], Inputs | None]:
    """Return the weights by mnv3's names, and what they were trained on: `inputs` unless the names decide it; None for
    weights of mnv3, which need no change. Raises UserError: of another backbone."""
    refuse_foreign(entries, path)
    if (inside := next((name for name in entries if name.endswith(STEM)), None)) is not None:
        prefix = inside.removesuffix(STEM)
        ours = {name.removeprefix(prefix): value for name, value in entries.items() if name.startswith(prefix)}
        return ours, None
    if (inside := next((name for name in entries if SLIM in name), None)) is not None:
        return _from_slim(unfolded(entries), path, backbone, inside.partition(SLIM)[0]), "symmetric"
    tensors = {key: value for key, value in entries.items() if isinstance(value, Tensor)}
    if TIMM in tensors:
        return from_timm(tensors, backbone.family, _timm_epsilon(backbone.family, inputs)), inputs
    if "0.0.weight" in tensors:  # torchvision's `model.features` on its own
        tensors = {f"features.{key}": value for key, value in tensors.items()}
    return from_torchvision(tensors, backbone.table), inputs


def _from_slim(entries: Mapping[str, Any], path: Path, backbone: Backbone, prefix: str) -> dict[str, Tensor]:
    found = recognise(in_slims(entries, prefix), lambda name: "halve") or recognise(in_slims(entries, prefix))
    if found is None or found.name != backbone.family:
        holds = f"backbone={found.name}" if found else "another backbone"
        raise UserError(f"{path} holds {holds}, not {backbone.family}: choose the backbone that the file was made for")
    return from_slim(entries, backbone, f"{prefix}{FAMILIES[backbone.family].slim}")


def _timm_epsilon(family: str, inputs: Inputs) -> float:
    """Return the epsilon of timm's batch norms: of its MobileNetV3, only the "tf_" ones were trained on -1..1."""
    return BN_EPSILON if FAMILIES[family].timm_has_authors and inputs == "symmetric" else TIMM_EPSILON
