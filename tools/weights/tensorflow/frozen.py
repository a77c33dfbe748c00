"""Reads frozen TensorFlow graphs without TensorFlow: their constants and operations.

A `.pb` file is a protobuf message GraphDef. Only the fields that lead there are followed, by their numbers in
TensorFlow's graph.proto, node_def.proto, attr_value.proto and tensor.proto.
"""

import struct
from math import prod
from pathlib import Path

import numpy as np

from mnv3.tools.errors import UserError
from mnv3.tools.weights.tensorflow.graph import VALID, Graph, Node
from mnv3.tools.weights.tensorflow.protobuf import Value, fields, tensor_shape, varints

GRAPH_NODE = 1
NODE_NAME, NODE_OP, NODE_INPUT, NODE_ATTR = 1, 2, 3, 5
ENTRY_KEY, ENTRY_VALUE = 1, 2  # of any protobuf map
ATTR_LIST, ATTR_TEXT, ATTR_INTEGER, ATTR_FLOAT, ATTR_FLAG, ATTR_TENSOR = 1, 2, 3, 4, 5, 8
LIST_INTEGERS = 3
TENSOR_DTYPE, TENSOR_SHAPE, TENSOR_CONTENT, TENSOR_FLOATS, TENSOR_INTEGERS = 1, 2, 4, 5, 7
FLOAT32, INT32 = 1, 3
DTYPES = {FLOAT32: "<f4", INT32: "<i4"}
LARGEST_FILLED = 10**7
"""Most values of a tensor that the file stores as a single value."""


def read_graph(path: Path) -> Graph:
    """Read a frozen graph. Raises UserError: the file is missing, not a graph, or has no constants."""
    if not path.is_file():
        raise UserError(f"{path} is not a file; give a frozen TensorFlow graph (.pb).")
    try:
        graph = _graph(memoryview(path.read_bytes()))
    except Exception as error:  # foreign bytes fail in arbitrary ways
        raise UserError(f"{path} is not a frozen TensorFlow graph (.pb), or was cut off.") from error
    if not any(value.dtype.kind == "f" for value in graph.constants.values()):
        raise UserError(f"{path} has no constants: freeze the graph, so that its variables are in it.")
    return graph


def _graph(message: Value) -> Graph:
    graph = Graph()
    for number, node in fields(message):
        if number != GRAPH_NODE:
            continue
        name, op, inputs, attributes = "", "", [], {}
        for field, value in fields(node):
            if field == NODE_NAME:
                name = str(value, "utf-8")
            elif field == NODE_OP:
                op = str(value, "utf-8")
            elif field == NODE_INPUT:
                inputs.append(str(value, "utf-8"))
            elif field == NODE_ATTR:
                entry = dict(fields(value))
                attributes[str(entry[ENTRY_KEY], "utf-8")] = dict(fields(entry[ENTRY_VALUE]))
        if op == "Const":
            entries = dict(fields(attributes.get("value", {}).get(ATTR_TENSOR, b"")))
            if entries.get(TENSOR_DTYPE) in DTYPES:
                graph.constants[name] = _array(entries)
        else:
            graph.nodes[name] = _node(op, inputs, attributes)
    return graph


def _node(op: str, inputs: list[str], attributes: dict[str, dict[int, Value]]) -> Node:
    known = {key: value for key, value in attributes.items() if not key.startswith("_")}
    lists = {key: _integers(value[ATTR_LIST]) for key, value in known.items() if ATTR_LIST in value}
    values = {key: number for key, value in known.items() if (number := _number(value)) is not None}
    if known.get("padding", {}).get(ATTR_TEXT) == b"VALID":
        values[VALID] = True
    return Node(op, sources(inputs), {key: value for key, value in lists.items() if value}, values)


def sources(inputs: list[str]) -> tuple[str, ...]:
    """Return the names of the nodes in a node's list of inputs ("x", "x:1"), without control inputs ("^x")."""
    return tuple(name.partition(":")[0] for name in inputs if not name.startswith("^"))


def _number(attribute: dict[int, Value]) -> float | None:
    if ATTR_FLOAT in attribute:
        return float(struct.unpack("<f", attribute[ATTR_FLOAT])[0])
    number = attribute.get(ATTR_INTEGER, attribute.get(ATTR_FLAG))
    return number if isinstance(number, int) else None


def _integers(message: Value) -> tuple[int, ...]:
    """Return the integers of a ListValue, packed or one per field."""
    found = (value for number, value in fields(message) if number == LIST_INTEGERS)
    return tuple(item for value in found for item in ((value,) if isinstance(value, int) else varints(value)))


def _array(tensor: dict[int, Value]) -> np.ndarray:
    """Return the values of a TensorProto; a single value fills its shape, and none stand for zeros."""
    shape, kind = tensor_shape(tensor.get(TENSOR_SHAPE, b"")), tensor[TENSOR_DTYPE]
    if kind == INT32 and not tensor.get(TENSOR_CONTENT):
        values = _int_values(tensor.get(TENSOR_INTEGERS, b""))
    else:
        values = np.frombuffer(tensor.get(TENSOR_CONTENT) or tensor.get(TENSOR_FLOATS, b""), DTYPES[kind])
    if not values.size:
        values = np.zeros(1, DTYPES[kind])
    if values.size != 1:
        return values.reshape(shape)
    if prod(shape) > LARGEST_FILLED:
        raise ValueError("a tensor larger than any weights")
    return np.broadcast_to(values[0], shape)


def _int_values(packed: Value) -> np.ndarray:
    numbers = (packed,) if isinstance(packed, int) else varints(packed)
    return np.array(numbers, np.uint64).astype(np.int64).astype(np.int32)
