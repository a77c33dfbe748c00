"""Reads the float weights of TensorFlow Lite files without TensorFlow, as the variables that they were made from.

A `.tflite` file is a FlatBuffer. Only the fields that lead to convolutions and constants are followed, by their numbers
in TensorFlow Lite's schema.fbs.
"""

import struct
from pathlib import Path
from typing import Any

import numpy as np

from mnv3.tools.errors import UserError
from mnv3.tools.weights.tensorflow.frozen import Graph

IDENTIFIER = b"TFL3"  # at byte 4
MODEL_CODES, MODEL_GRAPHS, MODEL_BUFFERS = 1, 2, 4
OLD_CODE, CODE = 0, 3  # of an operator; the old one was a byte
GRAPH_TENSORS, GRAPH_OPERATORS = 0, 3
TENSOR_SHAPE, TENSOR_TYPE, TENSOR_BUFFER, TENSOR_NAME = 0, 1, 2, 3
OPERATOR_CODE, OPERATOR_INPUTS, OPERATOR_OUTPUTS, OPERATOR_OPTIONS = 0, 1, 2, 4
STRIDE_WIDTH, STRIDE_HEIGHT, FILTER_WIDTH, FILTER_HEIGHT = 1, 2, 3, 4  # of the options of these operators:
AVERAGE_POOL, CONV, DEPTHWISE = 1, 3, 4
BUFFER_DATA = 0
FLOAT32 = 0
MOST_TABLES, MOST_GRAPHS, LONGEST_NAME = 20_000, 16, 1000  # of a vector, of a file; bytes

KINDS = {CONV: ("weights", (1, 2, 3, 0)), DEPTHWISE: ("depthwise_weights", (1, 2, 3, 0))}  # OHWI, 1HWC -> HWIO, HWC1
"""Name of a kernel's variable, and TensorFlow's order of its axes."""


def read_tflite(path: Path) -> Graph:
    """Return the constants of a float network under their names in the frozen graph that it was made from; kernels and
    biases of convolutions, with batch norms folded in, are `SCOPE/weights`, `SCOPE/depthwise_weights`, `SCOPE/biases`.

    Raises:
        UserError: missing, not such a file, cut off, or without float convolutions.
    """
    if not path.is_file():
        raise UserError(f"{path} is not a file; give a TensorFlow Lite network (.tflite).")
    data = path.read_bytes()
    try:
        if data[4:8] != IDENTIFIER:
            raise ValueError("another kind of file")
        graph = _graph(Table(data, struct.unpack_from("<I", data, 0)[0]))
    except Exception as error:  # foreign bytes fail in arbitrary ways
        raise UserError(f"{path} is not a TensorFlow Lite network (.tflite), or was cut off.") from error
    if not any(name.endswith("/weights") for name in graph.constants):
        raise UserError(f"{path} has no convolutions in float32; give the float network, not a quantised one.")
    return graph


class Table:
    """A table of a FlatBuffer: fields by number."""

    def __init__(self, data: bytes, at: int) -> None:
        self.data, self.at = data, at
        self.fields = at - struct.unpack_from("<i", data, at)[0]
        if self.fields < 0:
            raise ValueError("a table before the file")
        self.size = struct.unpack_from("<H", data, self.fields)[0]

    def place(self, number: int) -> int | None:
        """Return where a field is, None if it has its default."""
        if 4 + 2 * number >= self.size:
            return None
        offset = struct.unpack_from("<H", self.data, self.fields + 4 + 2 * number)[0]
        return self.at + offset if offset else None

    def number(self, number: int, kind: str = "<i") -> int:
        """Return a number, 0 by default."""
        place = self.place(number)
        return 0 if place is None else struct.unpack_from(kind, self.data, place)[0]

    def table(self, number: int) -> "Table":
        """Return a nested table. Raises ValueError if there is none."""
        place = self.place(number)
        if place is None:
            raise ValueError("a table is missing")
        return Table(self.data, place + struct.unpack_from("<I", self.data, place)[0])

    def vector(self, number: int, kind: Any = "<i4") -> np.ndarray:
        """Return a vector of numbers."""
        place = self.place(number)
        if place is None:
            return np.zeros(0, kind)
        start = place + struct.unpack_from("<I", self.data, place)[0]
        count = struct.unpack_from("<I", self.data, start)[0]
        return np.frombuffer(self.data, kind, count, start + 4)

    def tables(self, number: int) -> list["Table"]:
        """Return a vector of tables."""
        place = self.place(number)
        if place is None:
            return []
        start = place + struct.unpack_from("<I", self.data, place)[0] + 4
        offsets = self.vector(number, "<u4")
        if len(offsets) > MOST_TABLES:
            raise ValueError("more tables than any network has")
        return [Table(self.data, start + 4 * i + int(offset)) for i, offset in enumerate(offsets)]


def _graph(model: Table) -> Graph:
    codes = [max(code.number(OLD_CODE, "<b"), code.number(CODE)) for code in model.tables(MODEL_CODES)]
    buffers = model.tables(MODEL_BUFFERS)
    graph, parts = Graph({}, {}), model.tables(MODEL_GRAPHS)
    if len(parts) > MOST_GRAPHS:
        raise ValueError("more graphs than any file has")
    for part in parts:
        tensors = part.tables(GRAPH_TENSORS)
        names = [_name(tensor) for tensor in tensors]
        values = [_values(tensor, buffers) for tensor in tensors]
        if sum(value.nbytes for value in values if value is not None) > len(model.data):
            raise ValueError("tensors that share their values")
        graph.constants.update((name, value) for name, value in zip(names, values, strict=True) if value is not None)
        for operator in part.tables(GRAPH_OPERATORS):
            inputs, code = operator.vector(OPERATOR_INPUTS), codes[operator.number(OPERATOR_CODE, "<I")]
            if code == AVERAGE_POOL:
                options = operator.table(OPERATOR_OPTIONS)
                size = (1, options.number(FILTER_HEIGHT), options.number(FILTER_WIDTH), 1)
                name = names[operator.vector(OPERATOR_OUTPUTS)[0]]
                graph.lists[name] = {"ksize": size, "strides": _strides(options)}
            elif code in KINDS and (kernel := values[inputs[1]]) is not None:
                variable, order = KINDS[code]
                scope = names[inputs[1]].removesuffix(f"/{variable}")
                graph.constants[f"{scope}/{variable}"] = kernel.transpose(order)
                if len(inputs) > 2 and (bias := values[inputs[2]]) is not None:
                    graph.constants[f"{scope}/biases"] = bias
                graph.lists[f"{scope}/Conv2D"] = {"strides": _strides(operator.table(OPERATOR_OPTIONS))}
    return graph


def _strides(options: Table) -> tuple[int, ...]:
    return (1, options.number(STRIDE_HEIGHT), options.number(STRIDE_WIDTH), 1)


def _name(tensor: Table) -> str:
    """Return the variable's name: a converter joins several names by semicolons."""
    name = tensor.vector(TENSOR_NAME, "u1")
    if len(name) > LONGEST_NAME:
        raise ValueError("a name longer than any")
    return bytes(name).decode().partition(";")[0].removesuffix("/read")


def _values(tensor: Table, buffers: list[Table]) -> np.ndarray | None:
    """Return a float32 constant, None for anything else."""
    if tensor.number(TENSOR_TYPE, "<b") != FLOAT32:
        return None
    values = buffers[tensor.number(TENSOR_BUFFER, "<I")].vector(BUFFER_DATA, "u1")
    return values.view("<f4").reshape(tensor.vector(TENSOR_SHAPE)) if len(values) else None
