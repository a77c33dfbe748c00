"""ONNX models built with onnxscript: `op.Relu(x)` adds a node and returns its output, numbers become constants."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import onnx
from onnxscript import GraphBuilder, OpBuilder, ir

OPSET = 18
"""The first with antialiased Resize, and the one PyTorch's exporter targets."""

IR_VERSION = 10  # of ONNX 1.16; runtimes refuse files of a later version than they know

BOOL, FLOAT, INT64, UINT8 = ir.DataType.BOOL, ir.DataType.FLOAT, ir.DataType.INT64, ir.DataType.UINT8
"""Types as Cast's attribute takes them."""

Shape = Sequence[int | str]
"""Sizes; words stand for variable ones."""


def begin(name: str, kind: type[np.generic], shape: Shape) -> tuple[OpBuilder, ir.Value]:
    """Return an empty graph, as the builder that adds nodes to it, and its input `name`."""
    value = _value(name, kind, shape)
    return GraphBuilder(ir.Graph([value], [], nodes=[], opset_imports={"": OPSET}, name="mnv3")).op, value


def finish(op: OpBuilder, outputs: Mapping[str, tuple[ir.Value, type[np.generic], Shape]]) -> onnx.ModelProto:
    """Return the whole model, checked. `outputs`: value, type and shape by name."""
    graph = op.builder.graph
    for name, (value, kind, shape) in outputs.items():
        if value.name != name:  # an output of the network keeps its own name
            value = op.Identity(value)
        value.name, value.dtype, value.shape = name, ir.DataType.from_numpy(np.dtype(kind)), ir.Shape(shape)
        graph.outputs.append(value)
    model = ir.to_proto(ir.Model(graph, ir_version=IR_VERSION, producer_name="mnv3"))
    del model.graph.value_info[:]
    for node in model.graph.node:
        del node.metadata_props[:]
    onnx.checker.check_model(model)
    return model


def attach(op: OpBuilder, network: onnx.GraphProto, value: ir.Value) -> list[ir.Value]:
    """Add all nodes of a network with one input, which becomes `value`; return its outputs."""
    inner, graph = ir.from_proto(network), op.builder.graph
    inner.inputs[0].replace_all_uses_with(value)
    outputs, nodes = list(inner.outputs), list(inner)
    inner.outputs.clear()
    inner.remove(nodes)
    graph.extend(nodes)
    for name, value in list(inner.initializers.items()):
        del inner.initializers[name]
        graph.register_initializer(value)
    return outputs


def constant(op: OpBuilder, array: np.ndarray) -> ir.Value:
    """Return an array as a value; lists and numbers become constants automatically."""
    graph = op.builder.root.graph
    return op.initializer(ir.tensor(array), name=f"array_{len(graph.initializers)}")


def branch(op: OpBuilder, make: Callable[[OpBuilder], Sequence[ir.Value]], count: int) -> ir.Graph:
    """Return a branch of `If` with `count` outputs, those that `make(op)` returns."""
    return op.builder.subgraph(make, [], [ir.Value() for _ in range(count)])


def resize(op: OpBuilder, planes: ir.Value, size: tuple[int, int], **attributes: Any) -> ir.Value:
    """Resize [N, 3, H, W] to [N, 3, *size]. All four sizes are given: ONNX Runtime 1.31 mixes up two of them when it
    converts a quantised model to channels-last."""
    sizes = op.Concat(op.Shape(planes, start=0, end=1), [3, *size], axis=0)
    return op.Resize(planes, None, None, sizes, **attributes)


def users_of(graph: onnx.GraphProto) -> Mapping[str, list[onnx.NodeProto]]:
    """Return the nodes that use each value."""
    users: dict[str, list[onnx.NodeProto]] = {}
    for node in graph.node:
        for name in node.input:
            users.setdefault(name, []).append(node)
    return users


def _value(name: str, kind: type[np.generic], shape: Shape) -> ir.Value:
    return ir.Value(name=name, type=ir.TensorType(ir.DataType.from_numpy(np.dtype(kind))), shape=ir.Shape(shape))
