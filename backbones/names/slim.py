"""Convert the authors' TensorFlow (slim) variables to mnv3 state dicts."""

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from mnv3.backbones.network import Backbone
from mnv3.backbones.rows import Table, named_rows
from mnv3.backbones.tables import FAMILIES

# Slim's gate is relu6(x + 3) * 0.16667, ours divides by 6. The projection after the gate is linear, so scaling its
# kernel by the ratio keeps the outputs equal.
GATE_RATIO = 0.16667 * 6

SE = {"se.squeeze": "squeeze_excite/Conv", "se.excite": "squeeze_excite/Conv_1"}

NORM_NAMES = {
    "gamma": "weight",
    "beta": "bias",
    "moving_mean": "running_mean",
    "moving_variance": "running_var",
}


def slim_endpoint(backbone: Backbone) -> str:
    """Return the authors' name of the last layer, with which their detectors prefix the feature maps after it."""
    layers = len(backbone.table)
    return f"Conv2d_{layers - 1}_pointwise" if _is_first_generation(backbone.family) else f"layer_{layers}"


def slim_names(family: str, table: Table) -> dict[str, str]:
    """Map mnv3's layers to slim's scopes below the family's: "block4.project" -> "expanded_conv_3/project"."""
    names, first_generation = {}, _is_first_generation(family)
    for index, (name, _, _, convs) in enumerate(named_rows(table)):
        block = f"expanded_conv_{index - 1}" if index > 1 else "expanded_conv"
        for conv in convs:
            if first_generation:
                theirs = f"Conv2d_{index}_{conv.part}" if conv.part else f"Conv2d_{index}"
            elif conv.part:
                theirs = f"{block}/{SE.get(conv.part, conv.part)}"
            else:
                theirs = "Conv" if name == "stem" else "Conv_1"
            names[conv.of(name)] = theirs
    return names


def _is_first_generation(family: str) -> bool:
    return FAMILIES[family].slim == "MobilenetV1"


def from_slim(variables: Mapping[str, np.ndarray], backbone: Backbone, scope: str | None = None) -> dict[str, Tensor]:
    """Return a state dict for `backbone` from slim's variables by name (without ":0").

    `scope` holds them; None for the family's. Entries missing from `variables` are missing from the result.
    """
    scope = scope or FAMILIES[backbone.family].slim
    state = {}
    for layer, name in slim_names(backbone.family, backbone.table).items():
        state |= {f"{layer}.{key}": value for key, value in slim_layer(variables, f"{scope}/{name}").items()}
    for name, row, *_ in named_rows(backbone.table):
        if row.se and row.se.gate == "hard_sigmoid":
            state[f"{name}.project.conv.weight"] *= GATE_RATIO
    return state


def slim_layer(variables: Mapping[str, np.ndarray], scope: str) -> dict[str, Tensor]:
    """Return the variables of one slim layer by the names of a `ConvNormAct` ("conv.weight", "norm.bias", ...).

    A layer without batch norm has those of a plain convolution ("weight", "bias").
    """
    state = {}
    norm = f"{scope}/BatchNorm/"
    has_norm = f"{norm}beta" in variables
    for name, order in (("weights", (3, 2, 0, 1)), ("depthwise_weights", (2, 3, 0, 1))):  # HWIO, HWC1 -> ours
        if (kernel := variables.get(f"{scope}/{name}")) is not None:
            state["conv.weight" if has_norm else "weight"] = _tensor(kernel.transpose(order))
    if (bias := variables.get(f"{scope}/biases")) is not None:
        state["bias"] = _tensor(bias)
    if has_norm:
        state |= {f"norm.{ours}": _tensor(variables[norm + theirs]) for theirs, ours in NORM_NAMES.items()}
        state["norm.num_batches_tracked"] = torch.tensor(0)
    return state


def _tensor(array: np.ndarray) -> Tensor:
    return torch.from_numpy(np.array(array, dtype=np.float32, order="C"))
