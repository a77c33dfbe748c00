"""Reads frozen TensorFlow graphs without TensorFlow: their constants, and the strides of their operations.

A `.pb` file is a protobuf message GraphDef. Only the fields that lead there are followed, by their numbers in
TensorFlow's graph.proto, node_def.proto, attr_value.proto and tensor.proto.
"""

from math import prod
from pathlib import Path
from typing import NamedTuple

import numpy as np

from mnv3.tools.errors import UserError
from mnv3.tools.weights.tensorflow.protobuf import Value, fields, tensor_shape, varints

GRAPH_NODE = 1
NODE_NAME, NODE_OP, NODE_ATTR = 1, 2, 5
ENTRY_KEY, ENTRY_VALUE = 1, 2  # of any protobuf map
ATTR_LIST, ATTR_TENSOR = 1, 8
LIST_INTEGERS = 3
TENSOR_DTYPE, TENSOR_SHAPE, TENSOR_CONTENT, TENSOR_FLOATS = 1, 2, 4, 5
FLOAT32 = 1
LARGEST_FILLED = 10**7
"""Most values of a tensor that the file stores as a single value."""


class Graph(NamedTuple):
    """float32 constants by name, arrays in TensorFlow's layout; and the attributes of operations, by name, that are
    lists of integers, such as ("strides", (1, 2, 2, 1))."""

    constants: dict[str, np.ndarray]
    lists: dict[str, dict[str, tuple[int, ...]]]


def read_graph(path: Path) -> Graph:
    """Read a frozen graph. Raises UserError: the file is missing, not a graph, or has no constants."""
    if not path.is_file():
        raise UserError(f"{path} is not a file; give a frozen TensorFlow graph (.pb).")
    try:
        graph = _graph(memoryview(path.read_bytes()))
    except Exception as error:  # foreign bytes fail in arbitrary ways
        raise UserError(f"{path} is not a frozen TensorFlow graph (.pb), or was cut off.") from error
    if not graph.constants:
        raise UserError(f"{path} has no constants: freeze the graph, so that its variables are in it.")
    return graph


def _graph(message: Value) -> Graph:
    graph = Graph({}, {})
    for number, node in fields(message):
        if number != GRAPH_NODE:
            continue
        name, op, attributes = "", "", {}
        for field, value in fields(node):
            if field == NODE_NAME:
                name = str(value, "utf-8")
            elif field == NODE_OP:
                op = str(value, "utf-8")
            elif field == NODE_ATTR:
                entry = dict(fields(value))
                attributes[str(entry[ENTRY_KEY], "utf-8")] = dict(fields(entry[ENTRY_VALUE]))
        if op == "Const" and (tensor := attributes.get("value", {}).get(ATTR_TENSOR)) is not None:
            entries = dict(fields(tensor))
            if entries.get(TENSOR_DTYPE) == FLOAT32:
                graph.constants[name] = _array(entries)
        lists = {key: _integers(value[ATTR_LIST]) for key, value in attributes.items() if ATTR_LIST in value}
        if lists := {key: value for key, value in lists.items() if value and not key.startswith("_")}:
            graph.lists[name] = lists
    return graph


def _integers(message: Value) -> tuple[int, ...]:
    """Return the integers of a ListValue, packed or one per field."""
    found = (value for number, value in fields(message) if number == LIST_INTEGERS)
    return tuple(item for value in found for item in ((value,) if isinstance(value, int) else varints(value)))


def _array(tensor: dict[int, Value]) -> np.ndarray:
    """Return the values of a TensorProto; a single value fills its shape."""
    shape = tensor_shape(tensor.get(TENSOR_SHAPE, b""))
    values = np.frombuffer(tensor.get(TENSOR_CONTENT) or tensor[TENSOR_FLOATS], "<f4")
    if values.size != 1:
        return values.reshape(shape)
    if prod(shape) > LARGEST_FILLED:
        raise ValueError("a tensor larger than any weights")
    return np.broadcast_to(values[0], shape)
