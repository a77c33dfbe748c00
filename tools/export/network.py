"""A PyTorch network as an ONNX graph."""

import io
import logging
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout

import onnx
import torch
from torch import Tensor, nn

from mnv3.tools.export.graph import OPSET, users_of

ACROSS = ([2, 3], [-2, -1])
"""Axes of the pixels."""


def network_graph(
    network: nn.Module, example: Tensor, inputs: Sequence[str], outputs: Sequence[str], dynamic: Mapping[int, str]
) -> onnx.GraphProto:
    """Return the graph of `network`, without batch norms, for inputs like `example` except along the axes `dynamic`.
    `inputs` and `outputs` name its values."""
    shapes = ({axis: torch.export.Dim(name) for axis, name in dynamic.items()},)
    with torch.no_grad(), silence():
        program = torch.onnx.export(
            network,
            (example,),
            dynamo=True,
            opset_version=OPSET,
            input_names=list(inputs),
            output_names=list(outputs),
            dynamic_shapes=shapes,
        )
    assert program is not None
    graph = program.model_proto.graph
    _use_average_pooling(graph)
    for node in graph.node:
        _simplify(node)
    _drop_unused(graph)
    del graph.value_info[:]  # and the rest of the exporter's notes
    return graph


def _drop_unused(graph: onnx.GraphProto) -> None:
    """Remove constants that no node uses; runtimes warn about them."""
    used = users_of(graph)
    kept = [tensor for tensor in graph.initializer if tensor.name in used]
    del graph.initializer[:]
    graph.initializer.extend(kept)


def _simplify(node: onnx.NodeProto) -> None:
    """Remove notes on source lines, and count_include_pad from mean pooling without padding: ONNX Runtime is a hundred
    times slower with it."""
    del node.metadata_props[:]
    node.doc_string = ""
    attributes = {attribute.name: attribute for attribute in node.attribute}
    if node.op_type == "AveragePool" and "count_include_pad" in attributes and not any(attributes["pads"].ints):
        node.attribute.remove(attributes["count_include_pad"])


@contextmanager
def silence() -> Iterator[None]:
    """Suppress the output of exporters and their libraries."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings(), redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)


def _use_average_pooling(graph: onnx.GraphProto) -> None:
    """Replace sums over all pixels divided by their number with GlobalAveragePool, through which runtimes keep their
    own memory layout."""
    constants = {tensor.name: onnx.numpy_helper.to_array(tensor).tolist() for tensor in graph.initializer}
    users = users_of(graph)
    for node in list(graph.node):
        if node.op_type != "ReduceSum" or constants.get(node.input[1]) not in ACROSS:
            continue
        (division,) = users[node.output[0]]
        assert division.op_type in ("Div", "Mul"), division.op_type
        division.CopyFrom(onnx.helper.make_node("GlobalAveragePool", [node.input[0]], list(division.output)))
        graph.node.remove(node)
