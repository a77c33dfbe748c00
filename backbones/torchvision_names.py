"""torchvision's MobileNetV3 state dicts as state dicts of ours."""

from collections.abc import Mapping

import torch
from torch import Tensor

from backbones.tables import Table, layer_names

# What torchvision's ImageNet weights were trained on: RGB in 0..1, less this mean, over this deviation.
IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)


def torchvision_names(table: Table) -> dict[str, str]:
    """Layer of our state dict -> torchvision's module: "block4.project.conv" -> "features.4.block.3.0"."""
    names, channels = {}, 3
    for i, (name, row) in enumerate(zip(layer_names(table), table, strict=True)):
        if row.kind == "conv":
            names |= {f"{name}.conv": f"features.{i}.0", f"{name}.norm": f"features.{i}.1"}
        else:
            expand = ("expand",) if row.expand != channels else ()
            se = ("se",) if row.se else ()
            for j, part in enumerate((*expand, "depthwise", *se, "project")):
                first, second = ("squeeze", "excite") if part == "se" else ("conv", "norm")
                theirs = ("fc1", "fc2") if part == "se" else ("0", "1")
                names[f"{name}.{part}.{first}"] = f"features.{i}.block.{j}.{theirs[0]}"
                names[f"{name}.{part}.{second}"] = f"features.{i}.block.{j}.{theirs[1]}"
        channels = row.out
    return names


def from_torchvision(state: Mapping[str, Tensor], table: Table) -> dict[str, Tensor]:
    """State dict of a `Backbone` of `table` from a torchvision state dict; other entries are left behind."""
    ours = {theirs: name for name, theirs in torchvision_names(table).items()}
    split = ((key.rpartition("."), value) for key, value in state.items())
    return {f"{ours[module]}.{kind}": value for (module, _, kind), value in split if module in ours}


def to_symmetric_range(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Weights for images normalised by ImageNet's mean and deviation -> weights for images in -1..1.

    The stem's kernel and the mean of its norm absorb the change. It is exact but for the outermost pixels, where the
    convolution pads with zeros: those meant ImageNet's mean colour and mean mid-grey now.
    """
    mean, std = (torch.tensor(values).reshape(1, 3, 1, 1) for values in (IMAGENET_MEAN, IMAGENET_STD))
    kernel = state["stem.conv.weight"]
    offset = (kernel * (0.5 - mean) / std).sum((1, 2, 3))
    return {
        **state,
        "stem.conv.weight": kernel * 0.5 / std,
        "stem.norm.running_mean": state["stem.norm.running_mean"] - offset,
    }
