"""The convolutions of a graph as slim's variables, whatever a converter did to their batch norms."""

from collections.abc import Mapping

import numpy as np

from mnv3.tools.weights.tensorflow.graph import Graph, variable_scope

ENDINGS = ("/Conv2D/merged_input", "/depthwise/merged_input", "/weights", "/depthwise_weights")
"""What follows the scope of a layer in the name of its kernel; TensorFlow.js stores merged ones."""

DEPTHWISE = "DepthwiseConv2dNative"
HARD_SIGMOID, SIXTH = 3.0, 0.16667  # relu6(x + 3) * 0.16667, as slim computes it
ADDING = ("Add", "AddV2", "AddN", "BiasAdd")


def variables(graph: Graph) -> Mapping[str, np.ndarray]:
    """Return a graph's float constants, with `SCOPE/weights` (or `SCOPE/depthwise_weights`) and `SCOPE/biases` for each
    convolution: factors and additions that follow it are in them, but not the 3 of a hard sigmoid, which converters add
    to the bias before it. Batch norms that the graph still has stay as they are."""
    found = {name: value for name, value in graph.constants.items() if value.dtype.kind == "f"}
    users = graph.users()
    for name, node, kernel in graph.convolutions():
        source = graph.constant_name(node.inputs[1])
        ending = next((ending for ending in ENDINGS if source.endswith(ending)), "")
        scope, depthwise = variable_scope(source.removesuffix(ending)), node.op.endswith(DEPTHWISE)
        factor, bias = _following(graph, users, name, kernel.shape[2 if depthwise else 3])
        if len(node.inputs) > 2 and (own := graph.constant(node.inputs[2])) is not None:
            bias = own if bias is None else bias + own
        if factor is not None:
            kernel = kernel * (factor[:, None] if depthwise else factor)
        found[f"{scope}/{'depthwise_' if depthwise else ''}weights"] = kernel
        if bias is not None:
            found[f"{scope}/biases"] = bias - HARD_SIGMOID if _is_gate(graph, users, name) else bias
    return found


def _following(
    graph: Graph, users: Mapping[str, list[str]], name: str, channels: int
) -> tuple[np.ndarray | None, np.ndarray | None]:
    """Return factor and bias by channel of the arithmetic with constants after a convolution; None for none."""
    factor = bias = None
    while len(follow := users.get(name, [])) == 1:
        (name,) = follow
        node = graph.nodes[name]
        found = [value for source in node.inputs if (value := graph.constant(source)) is not None]
        if not found and node.op in ADDING:
            continue  # a shortcut that a converter moved before the addition of the bias
        if len(found) != 1 or found[0].shape != (channels,) or bias is not None:
            break
        if node.op == "Mul":
            factor = found[0] if factor is None else factor * found[0]
        elif node.op in ADDING:
            bias = found[0]
        else:
            break
    return factor, bias


def _is_gate(graph: Graph, users: Mapping[str, list[str]], name: str) -> bool:
    """Whether only relu6 and the factor of a hard sigmoid follow a convolution and its bias: the 3 is in the bias."""
    while len(follow := users.get(name, [])) == 1:
        (name,) = follow
        node = graph.nodes[name]
        numbers = [value for source in node.inputs if (value := graph.constant(source)) is not None]
        if node.op == "Mul" and len(numbers) == 1 and numbers[0].size == 1:
            return abs(float(numbers[0].ravel()[0]) - SIXTH) < 1e-3
        if node.op not in ("Relu6", "BiasAdd") and not (node.op in ADDING and numbers and numbers[0].size > 1):
            return False
    return False
