"""Builds ONNX graphs by calls: `graph.add("Relu", x)` adds a node and returns the name of what comes out."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import onnx
from onnx import helper, numpy_helper

OPSET = 18
"""The first with Resize that shrinks without aliasing, and what PyTorch's exporter is written for."""

IR_VERSION = 10  # of ONNX 1.16; runtimes refuse files of a later one than they know

FLOAT, INT64, UINT8 = onnx.TensorProto.FLOAT, onnx.TensorProto.INT64, onnx.TensorProto.UINT8
"""Types, as the attribute of Cast has them."""

Value = str | np.ndarray | np.generic
"""Input of a node: the name of another value, or a constant."""


Infos = Mapping[str, tuple[type, Sequence[int | str]]]
"""Type and shape of values by name; words stand for sizes that vary."""


class Graph:
    """Nodes in the order added. `branch` gives a graph that sees the values of this one, for the arms of an If."""

    def __init__(self, outer: "Graph | None" = None) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []
        self._outer = outer
        self._count = 0

    def add(self, operator: str, *inputs: Value | None, **attributes: Any) -> str:
        """Name of the first output of a new node; None is an input left out. Arrays become constants."""
        return self.split(operator, 1, *inputs, **attributes)[0]

    def split(self, operator: str, outputs: int, *inputs: Value | None, **attributes: Any) -> list[str]:
        """As `add`, with the names of all `outputs`."""
        names = [self._name(operator) for _ in range(outputs)]
        sources = ["" if value is None else self._constant(value) for value in inputs]
        self.nodes.append(helper.make_node(operator, sources, names, **attributes))
        return names

    def resize(self, planes: str, size: tuple[int, int], **attributes: Any) -> str:
        """[N, 3, H, W] -> [N, 3, *size]. All four sizes are given: ONNX Runtime 1.31 mixes up two of them when it turns
        a quantised model channels-last."""
        sizes = self.add("Concat", self.add("Shape", planes, start=0, end=1), ints(3, *size), axis=0)
        return self.add("Resize", planes, None, None, sizes, **attributes)

    def call(self, network: onnx.GraphProto, *inputs: str) -> list[str]:
        """Take all nodes of another graph in, with its inputs connected; the names of its outputs."""
        given = dict(zip((value.name for value in network.input), inputs, strict=True))
        for node in network.node:
            copy = onnx.NodeProto()
            copy.CopyFrom(node)
            for i, name in enumerate(copy.input):
                copy.input[i] = given.get(name, name)
            self.nodes.append(copy)
        self.constants.extend(network.initializer)
        return [value.name for value in network.output]

    def rename(self, value: str, name: str) -> str:
        """A value under another name, as outputs of a model have."""
        self.nodes.append(helper.make_node("Identity", [value], [name]))
        return name

    def branch(self) -> "Graph":
        """An empty graph inside this one."""
        return Graph(self)

    def arm(self, outputs: Sequence[str]) -> onnx.GraphProto:
        """This branch as an attribute of an If."""
        results = [onnx.ValueInfoProto(name=name) for name in outputs]
        return helper.make_graph(self.nodes, self._name("arm"), [], results, self.constants)

    def model(
        self,
        name: str,
        inputs: Infos,
        outputs: Infos,
    ) -> onnx.ModelProto:
        """The whole, checked."""
        graph = helper.make_graph(self.nodes, name, _infos(inputs), _infos(outputs), self.constants)
        model = helper.make_model(
            graph,
            opset_imports=[helper.make_opsetid("", OPSET)],
            ir_version=IR_VERSION,
            producer_name="mnv3",
        )
        onnx.checker.check_model(model)
        return model

    def _constant(self, value: Value) -> str:
        if isinstance(value, str):
            return value
        name = self._name("constant")
        self.constants.append(numpy_helper.from_array(np.asarray(value), name))
        return name

    def _name(self, stem: str) -> str:
        if self._outer is not None:
            return self._outer._name(stem)
        self._count += 1
        return f"mnv3_{stem}_{self._count}"


def ints(*values: int) -> np.ndarray:
    """A list of numbers as a constant."""
    return np.array(values, np.int64)


def floats(*values: float) -> np.ndarray:
    """The same of float32."""
    return np.array(values, np.float32)


def users_of(graph: onnx.GraphProto) -> Mapping[str, list[onnx.NodeProto]]:
    """The nodes that take each value."""
    users: dict[str, list[onnx.NodeProto]] = {}
    for node in graph.node:
        for name in node.input:
            users.setdefault(name, []).append(node)
    return users


def _infos(values: Infos) -> list[onnx.ValueInfoProto]:
    return [
        helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(np.dtype(kind)), shape)
        for name, (kind, shape) in values.items()
    ]
