"""The operations that mnv3's networks consist of, in graphs of TensorFlow."""

from mnv3.tools.errors import UserError
from mnv3.tools.weights.tensorflow.graph import CONVOLUTIONS, RELU, VALID, Graph

SCOPES = (
    "FeatureExtractor/",
    "BoxPredictor",
    "Mobilenet",
    "aspp",
    "image_pooling",
    "concat_projection",
    "decoder",
    "logits",
)
"""Beginnings of the names of nodes in a network, without what converts images and results."""

KNOWN = {
    *CONVOLUTIONS,
    *("Add", "AddV2", "AddN", "BiasAdd", "Mul", "Sub", "RealDiv", "Minimum", "Maximum", "Rsqrt"),
    *("Relu", "Relu6", "HardSwish", "Sigmoid"),
    *("FusedBatchNorm", "FusedBatchNormV2", "FusedBatchNormV3"),
    *("Mean", "AvgPool", "ResizeBilinear", "ConcatV2", "SpaceToBatchND", "BatchToSpaceND"),
    *("Identity", "Enter", "StopGradient", "Quantize", "Dequantize", "Cast"),
    *("FakeQuantWithMinMaxVars", "FakeQuantWithMinMaxArgs", "FakeQuantWithMinMaxVarsPerChannel"),
    *("Reshape", "Squeeze", "ExpandDims", "Pack", "Shape", "StridedSlice", "Softmax", "ArgMax"),
}
"""Those of MobileNets, SSDLite and R-ASPP, and those that only arrange their numbers."""


def check_operations(graph: Graph, path: object) -> None:
    """Raise UserError if the network in `graph` has an operation, or a convolution without padding, that none of mnv3's
    networks has."""
    for name, node in graph.nodes.items():
        if node.op not in KNOWN and name.startswith(SCOPES):
            raise UserError(
                f"{path}: the operation {node.op!r:.40} in its network ({name!r:.80}) is in none of mnv3's networks; "
                "the file holds another one."
            )
    for name, node, kernel in graph.convolutions():
        atrous = node.inputs[0] in graph.nodes and graph.nodes[node.inputs[0]].op == "SpaceToBatchND"
        if node.values.get(VALID) and max(kernel.shape[:2]) > 1 and not atrous:
            raise UserError(
                f"{path}: its convolution {name!r:.80} has no padding (VALID), those of mnv3's networks have; the file "
                "holds another network."
            )


def epsilons(graph: Graph) -> dict[str, float]:
    """Return the epsilons of the batch norms that `graph` still has, by the scope of their layer."""
    return {
        name.partition("/BatchNorm/")[0]: node.values["epsilon"]
        for name, node in graph.nodes.items()
        if node.op.startswith("FusedBatchNorm") and "epsilon" in node.values
    }


def check_limits(graph: Graph, scope: str, path: object) -> None:
    """Raise UserError if a layer below `scope` of a network with ReLU6 has a ReLU without that limit."""
    for name, node in graph.nodes.items():
        if (node.op == "Relu" or node.values.get(RELU)) and name.startswith(scope):
            raise UserError(f"{path}: its layer {name!r:.80} has a ReLU, where mnv3's network has a ReLU6.")
