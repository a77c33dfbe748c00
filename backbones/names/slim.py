"""The authors' TensorFlow (slim) variables as state dicts of ours."""

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from mnv3.backbones.tables import Layer, Table, layer_names

# Slim's gate is relu6(x + 3) * 0.16667 where ours divides by 6. The projection behind the gate is linear, so that its
# kernel takes up the quotient and the outputs stay equal.
GATE_RATIO = 0.16667 * 6

NORM_NAMES = {
    "gamma": "weight",
    "beta": "bias",
    "moving_mean": "running_mean",
    "moving_variance": "running_var",
}


def slim_scope(table: Table) -> str:
    """The scope of the family's network."""
    if any(row.kind == "separable" for row in table):
        return "MobilenetV1"
    return "MobilenetV2" if any(row.act == "relu6" for row in table) else "MobilenetV3"


def slim_endpoint(table: Table) -> str:
    """How the authors' detectors call the last layer, which begins the names of the maps behind it."""
    return f"Conv2d_{len(table) - 1}_pointwise" if slim_scope(table) == "MobilenetV1" else f"layer_{len(table)}"


def slim_names(table: Table) -> dict[str, str]:
    """Layer of our state dict -> slim's scope below `slim_scope`: "block4.project" -> "expanded_conv_3/project"."""
    first_generation = slim_scope(table) == "MobilenetV1"
    names = {}
    for index, (name, row) in enumerate(zip(layer_names(table), table, strict=True)):
        if first_generation:
            names |= _first_generation(name, index)
        elif row.kind == "conv":
            names[name] = "Conv" if name == "stem" else "Conv_1"
        else:
            names |= _bottleneck(name, f"expanded_conv_{index - 1}" if index > 1 else "expanded_conv", row)
    return names


def _first_generation(name: str, index: int) -> dict[str, str]:
    if name == "stem":
        return {name: "Conv2d_0"}
    return {f"{name}.{part}": f"Conv2d_{index}_{part}" for part in ("depthwise", "pointwise")}


def _bottleneck(name: str, scope: str, row: Layer) -> dict[str, str]:
    names = {f"{name}.{part}": f"{scope}/{part}" for part in ("expand", "depthwise", "project")}
    if row.se:
        names |= {f"{name}.se.squeeze": f"{scope}/squeeze_excite/Conv"}
        names |= {f"{name}.se.excite": f"{scope}/squeeze_excite/Conv_1"}
    return names


def from_slim(variables: Mapping[str, np.ndarray], table: Table, scope: str | None = None) -> dict[str, Tensor]:
    """State dict of a `Backbone` of `table` from slim's variables by name (without ":0").

    They are below `scope`, None for the network's own. What is not in `variables` (the expansion of a first block has
    none) is not in the answer either.
    """
    scope = scope or slim_scope(table)
    state = {}
    for layer, name in slim_names(table).items():
        state |= {f"{layer}.{key}": value for key, value in slim_layer(variables, f"{scope}/{name}").items()}
    for name, row in zip(layer_names(table), table, strict=True):
        if row.se and row.se.gate == "hard_sigmoid":
            state[f"{name}.project.conv.weight"] *= GATE_RATIO
    return state


def slim_layer(variables: Mapping[str, np.ndarray], scope: str) -> dict[str, Tensor]:
    """Variables of one slim layer, under the names of a `ConvNormAct` ("conv.weight", "norm.bias", ...).

    A layer without batch norm gets those of a plain convolution ("weight", "bias").
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
