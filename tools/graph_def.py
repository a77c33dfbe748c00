"""The constants of a frozen TensorFlow graph, without TensorFlow.

A `.pb` file is a protobuf message GraphDef. Of it we follow the fields that lead to constants, with the numbers that
TensorFlow's graph.proto, node_def.proto, attr_value.proto, tensor.proto and tensor_shape.proto give them.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from tools.errors import UserError

GRAPH_NODE = 1
NODE_NAME, NODE_OP, NODE_ATTR = 1, 2, 5
ENTRY_KEY, ENTRY_VALUE = 1, 2  # of any protobuf map
ATTR_TENSOR = 8
TENSOR_DTYPE, TENSOR_SHAPE, TENSOR_CONTENT, TENSOR_FLOATS = 1, 2, 4, 5
SHAPE_DIM, DIM_SIZE = 2, 1
FLOAT32 = 1

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5  # wire types
Value = Any  # an integer, or the bytes of a string or a message as a memoryview


def read_constants(path: Path) -> dict[str, np.ndarray]:
    """The float32 constants of a frozen graph by name, arrays as TensorFlow lays them out.

    Raises:
        UserError: the file is missing or no graph, or has no such constant.
    """
    if not path.is_file():
        raise UserError(f"{path} is not a file; give a frozen TensorFlow graph (.pb).")
    try:
        constants = dict(_constants(memoryview(path.read_bytes())))
    except (IndexError, KeyError, TypeError, ValueError) as error:
        raise UserError(f"{path} is not a frozen TensorFlow graph (.pb), or was cut off.") from error
    if not constants:
        raise UserError(f"{path} has no constants: freeze the graph, so that its variables are in it.")
    return constants


def _constants(graph: memoryview) -> Iterator[tuple[str, np.ndarray]]:
    for number, node in _fields(graph):
        if number != GRAPH_NODE:
            continue
        name, op, tensor = "", "", None
        for field, value in _fields(node):
            if field == NODE_NAME:
                name = str(value, "utf-8")
            elif field == NODE_OP:
                op = str(value, "utf-8")
            elif field == NODE_ATTR:
                entry = dict(_fields(value))
                if entry[ENTRY_KEY] == b"value":
                    tensor = dict(_fields(entry[ENTRY_VALUE])).get(ATTR_TENSOR)
        if op == "Const" and tensor is not None:
            fields = dict(_fields(tensor))
            if fields.get(TENSOR_DTYPE) == FLOAT32:
                yield name, _array(fields)


def _array(tensor: dict[int, Value]) -> np.ndarray:
    """Values of a TensorProto; one value alone stands for all of its shape."""
    dims = (dict(_fields(dim)) for number, dim in _fields(tensor.get(TENSOR_SHAPE, b"")) if number == SHAPE_DIM)
    shape = [dim.get(DIM_SIZE, 0) for dim in dims]
    values = np.frombuffer(tensor.get(TENSOR_CONTENT) or tensor[TENSOR_FLOATS], "<f4")
    return np.broadcast_to(values[0], shape) if values.size == 1 else values.reshape(shape)


def _fields(message: Value) -> Iterator[tuple[int, Value]]:
    """Number and value of every field of a message; a message inside, and a string, are the bytes they take."""
    data, at = memoryview(message), 0  # TypeError for a number where a message should be
    while at < len(data):
        key, at = _varint(data, at)
        wire = key & 7
        if wire == VARINT:
            value, at = _varint(data, at)
        elif wire in (BYTES, FIXED64, FIXED32):
            length, at = _varint(data, at) if wire == BYTES else (8 if wire == FIXED64 else 4, at)
            if at + length > len(data):
                raise ValueError("the message ends inside a field")
            value, at = data[at : at + length], at + length
        else:
            raise ValueError(f"no such wire type: {wire}")
        yield key >> 3, value


def _varint(data: memoryview, at: int) -> tuple[int, int]:
    """The integer at `at`, seven bits a byte, lowest first; and where it ends."""
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at
