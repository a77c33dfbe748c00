"""Convert torchvision's MobileNetV3 and MobileNetV2 state dicts to mnv3's."""

from collections.abc import Mapping

import torch
from torch import Tensor

from mnv3.backbones.blocks import BN_EPSILON
from mnv3.backbones.rows import Conv, Table, named_rows

# Inputs of torchvision's ImageNet weights: RGB in 0..1, less this mean, over this deviation.
IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)
V2_EPSILON = 1e-5  # of torchvision's batch norms in MobileNetV2

SE = {"se.squeeze": "fc1", "se.excite": "fc2"}


def torchvision_names(table: Table) -> dict[str, str]:
    """Map mnv3's layers to torchvision's modules: "block4.project.conv" -> "features.4.block.3.0"."""
    block = _block_v2 if _is_v2(table) else _block_v3
    names = {}
    for i, (name, _, _, convs) in enumerate(named_rows(table)):
        if len(convs) == 1:
            names |= {f"{name}.conv": f"features.{i}.0", f"{name}.norm": f"features.{i}.1"}
        else:
            names |= block(name, f"features.{i}", convs)
    return names


def _is_v2(table: Table) -> bool:
    return all(row.kind != "separable" and row.act == "relu6" for row in table)


def _block_v2(name: str, theirs: str, convs: tuple[Conv, ...]) -> dict[str, str]:
    names = {}
    for j, conv in enumerate(convs):
        ours, last = conv.of(name), conv is convs[-1]
        names[f"{ours}.conv"] = f"{theirs}.conv.{j}" if last else f"{theirs}.conv.{j}.0"
        names[f"{ours}.norm"] = f"{theirs}.conv.{j + 1}" if last else f"{theirs}.conv.{j}.1"
    return names


def _block_v3(name: str, theirs: str, convs: tuple[Conv, ...]) -> dict[str, str]:
    names, parts = {}, list(dict.fromkeys(conv.part.partition(".")[0] for conv in convs))
    for conv in convs:
        ours, module = conv.of(name), f"{theirs}.block.{parts.index(conv.part.partition('.')[0])}"
        if conv.norm:
            names |= {f"{ours}.conv": f"{module}.0", f"{ours}.norm": f"{module}.1"}
        else:
            names[ours] = f"{module}.{SE[conv.part]}"
    return names


def from_torchvision(state: Mapping[str, Tensor], table: Table) -> dict[str, Tensor]:
    """Convert a torchvision state dict to a `Backbone` of `table`; drop other entries."""
    renamed = rename(state, torchvision_names(table))
    return with_our_epsilon(renamed, V2_EPSILON) if _is_v2(table) else renamed


def rename(state: Mapping[str, Tensor], names: Mapping[str, str]) -> dict[str, Tensor]:
    """Return the entries of the modules in `names` (ours -> theirs) by our names."""
    ours = {theirs: name for name, theirs in names.items()}
    split = ((key.rpartition("."), value) for key, value in state.items())
    return {f"{ours[module]}.{kind}": value for (module, _, kind), value in split if module in ours}


def with_our_epsilon(state: Mapping[str, Tensor], epsilon: float) -> dict[str, Tensor]:
    """Convert weights whose batch norms add `epsilon` to the variance to weights for norms that add `BN_EPSILON`.

    The running variances absorb the difference, so evaluation gives the same outputs. They can be slightly below 0,
    but not their sum with our epsilon. In training, with the batch's own variance, the difference remains.
    """
    shift = epsilon - BN_EPSILON
    return {key: value + shift if key.endswith(".running_var") else value for key, value in state.items()}


def to_symmetric_range(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Convert weights for images normalised by ImageNet's mean and deviation to weights for images in -1..1."""
    mean, std = (torch.tensor(values).reshape(1, 3, 1, 1) for values in (IMAGENET_MEAN, IMAGENET_STD))
    return rescaled(state, 0.5 / std, (0.5 - mean) / std)


def rescaled(state: Mapping[str, Tensor], factor: Tensor, shift: Tensor) -> dict[str, Tensor]:
    """Convert weights for images `factor` * x + `shift` ([1, 3, 1, 1] or [1]) to weights for images x.

    The stem's kernel and the mean of its norm absorb the change. Exact except at the border, where the padding's zeros
    meant the colour 0 of the old range and now mean that of the new one.
    """
    kernel = state["stem.conv.weight"]
    offset = (kernel * shift).sum((1, 2, 3))
    return {
        **state,
        "stem.conv.weight": kernel * factor,
        "stem.norm.running_mean": state["stem.norm.running_mean"] - offset,
    }
