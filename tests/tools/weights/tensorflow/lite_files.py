"""Writes small TensorFlow Lite files, by the numbers of schema.fbs, with the libraries of FlatBuffers."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

CONV, DEPTHWISE, DEQUANTIZE, CUSTOM = 3, 4, 6, 32
TYPES = {"float32": 0, "float16": 1, "int32": 2, "uint8": 3, "int64": 4, "int8": 9}
OPTIONS = {CONV: 1, DEPTHWISE: 2}  # of the union BuiltinOptions


WIDE = {CONV: (1, 2, 4, 5), DEPTHWISE: (1, 2, 3, 5, 6)}
"""Fields of the options that have four bytes: strides, dilations, and the depth of a depthwise convolution."""


class Tensor(NamedTuple):
    """`value`: a constant; a shape for the result of an operator or an input, of `kind`."""

    name: str
    value: Any
    kind: str = "float32"
    scales: Sequence[float] = ()
    zeros: Sequence[int] = ()
    axis: int = 0


class Operator(NamedTuple):
    """`options`: bytes by number of the field, or for a custom operator a map."""

    code: int
    inputs: Sequence[int]
    outputs: Sequence[int]
    options: Mapping[Any, Any] = {}
    custom: str = ""


def write_tflite(path: Path, tensors: Sequence[Tensor], operators: Sequence[Operator], inputs: Sequence[int]) -> None:
    flatbuffers = pytest.importorskip("flatbuffers")
    builder = flatbuffers.Builder(0)
    buffers, entries = [_table(builder, {})], []
    for tensor in tensors:
        constant = isinstance(tensor.value, np.ndarray)
        kind = str(tensor.value.dtype) if constant else tensor.kind
        number = len(buffers) if constant else 0
        if constant:
            data = np.frombuffer(tensor.value.tobytes(), np.uint8)
            buffers.append(_table(builder, {0: _offset(builder.CreateNumpyVector(data))}))
        shape = tensor.value.shape if constant else tensor.value
        fields = {
            0: _offset(builder.CreateNumpyVector(np.array(shape, np.int32))),
            1: ("Int8", TYPES[kind]),
            2: ("Uint32", number),
            3: _offset(builder.CreateString(tensor.name)),
        }
        if len(tensor.scales):
            scales = builder.CreateNumpyVector(np.array(tensor.scales, np.float32))
            zeros = builder.CreateNumpyVector(np.array(tensor.zeros, np.int64))
            fields[4] = _offset(_table(builder, {2: _offset(scales), 3: _offset(zeros), 6: ("Int32", tensor.axis)}))
        entries.append(_table(builder, fields))
    codes = list(dict.fromkeys((operator.code, operator.custom) for operator in operators))
    steps = [_operator(builder, operator, codes) for operator in operators]
    graph = {
        0: _offset(_vector(builder, entries)),
        1: _offset(builder.CreateNumpyVector(np.array(inputs, np.int32))),
        2: _offset(builder.CreateNumpyVector(np.array(operators[-1].outputs, np.int32))),
        3: _offset(_vector(builder, steps)),
    }
    names = [builder.CreateString(custom) for _, custom in codes]
    listed = [
        _table(builder, {0: ("Int8", code), 1: _offset(name), 2: ("Int32", 3), 3: ("Int32", code)})
        for (code, _), name in zip(codes, names, strict=True)
    ]
    model = {
        0: ("Uint32", 3),
        1: _offset(_vector(builder, listed)),
        2: _offset(_vector(builder, [_table(builder, graph)])),
        4: _offset(_vector(builder, buffers)),
    }
    builder.Finish(_table(builder, model), file_identifier=b"TFL3")
    path.write_bytes(bytes(builder.Output()))


def _operator(builder: Any, operator: Operator, codes: list[tuple[int, str]]) -> int:
    fields = {
        0: ("Uint32", codes.index((operator.code, operator.custom))),
        1: _offset(builder.CreateNumpyVector(np.array(operator.inputs, np.int32))),
        2: _offset(builder.CreateNumpyVector(np.array(operator.outputs, np.int32))),
    }
    if operator.custom:
        flexbuffers = pytest.importorskip("flatbuffers.flexbuffers")
        written = np.frombuffer(bytes(flexbuffers.Dumps(dict(operator.options))), np.uint8)
        fields[5] = _offset(builder.CreateNumpyVector(written))
    elif operator.code in OPTIONS:
        integers = WIDE[operator.code]
        options = {n: ("Int32" if n in integers else "Int8", value) for n, value in operator.options.items()}
        fields[3] = ("Uint8", OPTIONS[operator.code])
        fields[4] = _offset(_table(builder, options))
    return _table(builder, fields)


def _offset(place: int) -> tuple[str, int]:
    return "UOffsetTRelative", place


def _table(builder: Any, fields: Mapping[int, tuple[str, int]]) -> int:
    builder.StartObject(max(fields, default=0) + 1)
    for number, (kind, value) in fields.items():
        getattr(builder, f"Prepend{kind}")(value)
        builder.Slot(number)
    return builder.EndObject()


def _vector(builder: Any, tables: Sequence[int]) -> int:
    builder.StartVector(4, len(tables), 4)
    for place in reversed(tables):
        builder.PrependUOffsetTRelative(place)
    return builder.EndVector()
