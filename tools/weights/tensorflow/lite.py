"""Reads TensorFlow Lite files without TensorFlow, as the graph that they were made from.

A `.tflite` file is a FlatBuffer. Only the fields that lead to operators and constants are followed, by their numbers in
TensorFlow Lite's schema.fbs. Quantised constants are dequantised: scale * (stored - zero point), per tensor or channel.
"""

import re
import struct
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from mnv3.tools.errors import UserError
from mnv3.tools.weights.tensorflow import schema
from mnv3.tools.weights.tensorflow.flatbuffer import Table, flex_map
from mnv3.tools.weights.tensorflow.graph import RELU, VALID, Graph, Input, Node, variable_scope

IDENTIFIER = b"TFL3"  # at byte 4
HALF = 2  # bytes of float16
LONGEST_LABELS = 2**20
"""Most bytes of a file of labels."""

KERNELS = {"Conv2D": ("weights", (1, 2, 3, 0)), "DepthwiseConv2dNative": ("depthwise_weights", (1, 2, 3, 0))}
"""Name of a kernel's variable, and TensorFlow's order of its axes: OHWI, 1HWC -> HWIO, HWC1."""

SCOPES = (
    re.compile(r"(?P<scope>.+)/(?:depthwise_)?weights(?:_quant/.*|/read)?"),
    re.compile(r"(?P<scope>.+)/BatchNorm(?:_Fold)?/.*"),
    re.compile(r"(?P<scope>.+)/(?:BiasAdd|biases)\d?(?:/.*)?"),
    re.compile(r"(?P<scope>.+)/(?:Conv2D|depthwise)(?:_Fold)?\d?(?:/.*)?"),
)
"""Names that converters give to the kernel of the layer `scope`."""


class Values(NamedTuple):
    """A constant, dequantised. `step`: between the stored values, 0 for float32. `integers`: it was stored as such.
    `bytes`: its size in the file."""

    array: np.ndarray
    step: float
    integers: bool
    bytes: int


def read_tflite(path: Path) -> Graph:
    """Return the operators and constants of a network under their names in the graph that it was made from; kernels of
    convolutions are `SCOPE/weights` or `SCOPE/depthwise_weights`, in TensorFlow's order of axes.

    Raises:
        UserError: missing, not such a file, cut off, without convolutions, or quantised without scales.
    """
    if not path.is_file():
        raise UserError(f"{path} is not a file; give a TensorFlow Lite network (.tflite).")
    data = path.read_bytes()
    try:
        if data[4:8] != IDENTIFIER:
            raise ValueError("another kind of file")
        graph = _graph(Table(data, struct.unpack_from("<I", data, 0)[0]))
    except UserError as error:
        raise UserError(f"{path}: {error}") from error
    except Exception as error:  # foreign bytes fail in arbitrary ways
        raise UserError(f"{path} is not a TensorFlow Lite network (.tflite), or was cut off.") from error
    if not any(True for _ in graph.convolutions()):
        raise UserError(f"{path} has no convolutions whose kernels mnv3 can read.")
    graph.labels = _labels(path)
    return graph


def _graph(model: Table) -> Graph:
    codes = [_code(code) for code in model.tables(schema.MODEL_CODES)]
    buffers = model.tables(schema.MODEL_BUFFERS)
    graph, parts = Graph(), model.tables(schema.MODEL_GRAPHS)
    if len(parts) > schema.MOST_GRAPHS:
        raise ValueError("more graphs than any file has")
    for part in parts:
        tensors, operators = part.tables(schema.GRAPH_TENSORS), part.tables(schema.GRAPH_OPERATORS)
        nodes = [(codes[node.number(schema.OPERATOR_CODE, "<I")], node) for node in operators]
        kernels = {_source(nodes, node): op for op, node in nodes if op in KERNELS}
        names = _names(tensors, kernels)
        values = [_values(tensor, buffers, name) for tensor, name in zip(tensors, names, strict=True)]
        if sum(value.bytes for value in values if value) > len(model.data):
            raise ValueError("tensors that share their values")
        for index, value in enumerate(values):
            if value is not None:
                order = KERNELS[kernels[index]][1] if index in kernels else None
                graph.constants[names[index]] = value.array if order is None else value.array.transpose(order)
                graph.quantised += value.integers and index in kernels
                graph.steps[names[index]] = value.step
        graph.nodes.update(_node(op, node, names) for op, node in nodes if len(node.vector(schema.OPERATOR_OUTPUTS)))
        if graph.input.size is None:
            graph.input = next(
                (found for i in part.vector(schema.GRAPH_INPUTS) if (found := _input(tensors[i]))), Input()
            )
    return graph


def _code(code: Table) -> str:
    """Return the name of an operator, TensorFlow's where it has one."""
    number = max(code.number(schema.OLD_CODE, "<b"), code.number(schema.CODE))
    if number == schema.CUSTOM:
        return bytes(code.vector(schema.CUSTOM_NAME, "u1")).decode()
    return schema.OPERATORS.get(number, f"operator {number}")


def _source(nodes: list[tuple[str, Table]], convolution: Table) -> int:
    """Return the tensor that holds a convolution's kernel, before an operator that only widens it."""
    kernel = int(convolution.vector(schema.OPERATOR_INPUTS)[1])
    for op, node in nodes:
        if op == "Dequantize" and int(node.vector(schema.OPERATOR_OUTPUTS)[0]) == kernel:
            return int(node.vector(schema.OPERATOR_INPUTS)[0])
    return kernel


def _names(tensors: list[Table], kernels: dict[int, str]) -> list[str]:
    """Return a name for each tensor: the variable's for kernels, else the first of those that a converter joins by
    semicolons; all of them if another tensor has it."""
    found: list[str] = []
    taken: set[str] = set()
    for index, tensor in enumerate(tensors):
        raw = tensor.vector(schema.TENSOR_NAME, "u1")
        if len(raw) > schema.LONGEST_NAME:
            raise ValueError("a name longer than any")
        whole = bytes(raw).decode()
        name = whole.partition(";")[0].removesuffix("/read")
        if index in kernels:
            name = f"{_scope(whole)}/{KERNELS[kernels[index]][0]}"
        name = f"{whole} ({index})" if name in taken else name
        taken.add(name)
        found.append(name)
    return found


def _scope(whole: str) -> str:
    """Return the layer of a kernel from the names that a converter joined."""
    names = whole.split(";")
    for pattern in SCOPES:
        for name in names:
            if found := pattern.fullmatch(name):
                return variable_scope(found["scope"])
    return names[0]


def _values(tensor: Table, buffers: list[Table], name: str) -> Values | None:
    """Return a constant, None for anything else. Raises UserError: quantised without a scale per channel."""
    kind = schema.TYPES.get(tensor.number(schema.TENSOR_TYPE, "<b"))
    stored = buffers[tensor.number(schema.TENSOR_BUFFER, "<I")].vector(schema.BUFFER_DATA, "u1")
    if kind is None or not len(stored):
        return None
    values = stored.view(kind).reshape(tensor.vector(schema.TENSOR_SHAPE))
    if values.dtype.kind == "f":
        half = values.dtype.itemsize == HALF
        step = float(np.spacing(np.abs(values).max())) if half and values.size else 0.0
        return Values(values.astype(np.float32, copy=False), step, False, len(stored))
    scale, zero, axis = _quantisation(tensor)
    if not len(scale):
        if values.dtype.itemsize == 1:
            raise UserError(f"{name!r:.80} in it is quantised, but has no scale; the file was altered or cut.")
        return Values(values, 0.0, False, len(stored))
    if len(scale) not in (1, values.shape[axis] if values.ndim else 1) or not np.isfinite(scale).all():
        raise UserError(f"{name!r:.80} in it has {len(scale)} scales, which do not fit its shape {values.shape}.")
    shape = [-1 if i == axis else 1 for i in range(values.ndim)] if len(scale) > 1 else [1] * values.ndim
    scale, zero = scale.reshape(shape), np.resize(zero, len(scale)).reshape(shape)
    return Values((values.astype(np.int64) - zero).astype(np.float32) * scale, float(scale.max()), True, len(stored))


def _quantisation(tensor: Table) -> tuple[np.ndarray, np.ndarray, int]:
    """Return scales, zero points and their axis; no scales without quantisation."""
    if tensor.place(schema.TENSOR_QUANTISATION) is None:
        return np.zeros(0, "<f4"), np.zeros(0, "<i8"), 0
    table = tensor.table(schema.TENSOR_QUANTISATION)
    scale, zero = table.vector(schema.SCALES, "<f4"), table.vector(schema.ZEROS, "<i8")
    return scale, zero if len(zero) else np.zeros(1, "<i8"), table.number(schema.AXIS)


def _node(op: str, operator: Table, names: list[str]) -> tuple[str, Node]:
    """Return name and node of an operator; it has the name of its first output."""
    inputs = tuple(names[index] if index >= 0 else "" for index in operator.vector(schema.OPERATOR_INPUTS))
    name = names[operator.vector(schema.OPERATOR_OUTPUTS)[0]]
    lists: dict[str, tuple[int, ...]] = {}
    values: dict[str, Any] = {}
    has_options = operator.place(schema.OPERATOR_OPTIONS) is not None
    options = operator.table(schema.OPERATOR_OPTIONS) if has_options else None
    if options and op in schema.STRIDED:
        lists["strides"] = (1, options.number(schema.STRIDE_HEIGHT), options.number(schema.STRIDE_WIDTH), 1)
        if options.number(schema.PADDING, "<b") == schema.NO_PADDING:
            values[VALID] = True
    if options and op in schema.DILATIONS:
        if options.number(schema.ACTIVATIONS[op], "<b") == schema.RELU:
            values[RELU] = True
        lists["dilations"] = (1, *(options.number(field) or 1 for field in schema.DILATIONS[op]), 1)
    if options and op == "AvgPool":
        lists["ksize"] = (1, options.number(schema.FILTER_HEIGHT), options.number(schema.FILTER_WIDTH), 1)
    if options and op == "ResizeBilinear":
        values = {key: bool(options.number(number, "<b")) for key, number in schema.RESIZE_FLAGS.items()}
    if op == schema.POSTPROCESS:
        values = flex_map(bytes(operator.vector(schema.OPERATOR_CUSTOM_OPTIONS, "u1")))
    return name, Node(op, inputs, lists, values)


def _input(tensor: Table) -> Input:
    """Return size and normalisation of the images that an input tensor takes; nothing if it takes none."""
    shape = tensor.vector(schema.TENSOR_SHAPE)
    if len(shape) != 4 or shape[3] != 3:
        return Input()
    size = (int(shape[1]), int(shape[2])) if min(shape[1:3]) > 1 else None
    scale, zero, _ = _quantisation(tensor)
    kind = schema.TYPES.get(tensor.number(schema.TENSOR_TYPE, "<b"))
    if not len(scale) or kind not in schema.BYTES:
        return Input(size)
    return Input(size, float(scale[0]), float(scale[0]) * (int(zero[0]) + schema.BYTES[kind]))


def _labels(path: Path) -> tuple[str, ...]:
    """Return the class names that TensorFlow Lite's metadata append to a file, as a text file in a ZIP archive."""
    if not zipfile.is_zipfile(path):
        return ()
    try:
        with zipfile.ZipFile(path) as archive:
            return next((names for entry in archive.infolist() if (names := tuple(_lines(archive, entry)))), ())
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, RuntimeError):
        return ()


def _lines(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Iterator[str]:
    if entry.filename.endswith(".txt") and entry.file_size <= LONGEST_LABELS:
        yield from archive.read(entry).decode().splitlines()
