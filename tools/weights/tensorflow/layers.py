"""The convolutions of a graph as slim's variables, whatever a converter did to their batch norms."""

from collections.abc import Mapping

import numpy as np

from mnv3.tools.weights.tensorflow.graph import Graph

ENDINGS = ("/Conv2D/merged_input", "/depthwise/merged_input", "/weights", "/depthwise_weights")
"""What follows the scope of a layer in the name of its kernel; TensorFlow.js stores merged ones."""

DEPTHWISE = "DepthwiseConv2dNative"
ADDING = ("Add", "AddV2", "AddN", "BiasAdd")


def variables(graph: Graph) -> Mapping[str, np.ndarray]:
    """Return a graph's float constants, with `SCOPE/weights` (or `SCOPE/depthwise_weights`) and `SCOPE/biases` for each
    convolution: factors and additions that follow it are in them. Batch norms that the graph still has stay as they
    are."""
    found = {name: value for name, value in graph.constants.items() if value.dtype.kind == "f"}
    users = graph.users()
    for name, node, kernel in graph.convolutions():
        source = graph.constant_name(node.inputs[1])
        ending = next((ending for ending in ENDINGS if source.endswith(ending)), "")
        scope, depthwise = source.removesuffix(ending), node.op.endswith(DEPTHWISE)
        factor, bias = _following(graph, users, name, kernel.shape[2 if depthwise else 3])
        if len(node.inputs) > 2 and (own := graph.constant(node.inputs[2])) is not None:
            bias = own if bias is None else bias + own
        if factor is not None:
            kernel = kernel * (factor[:, None] if depthwise else factor)
        found[f"{scope}/{'depthwise_' if depthwise else ''}weights"] = kernel
        if bias is not None:
            found[f"{scope}/biases"] = bias
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
