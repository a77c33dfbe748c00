"""Files of safetensors: a length, a table in JSON of that length, and the tensors' bytes. They carry no checksums."""

import json
import struct
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from mnv3.tools.errors import UserError

TYPES = {
    "F64": "<f8",
    "F32": "<f4",
    "F16": "<f2",
    "BF16": "<u2",
    "I64": "<i8",
    "I32": "<i4",
    "I16": "<i2",
    "I8": "i1",
    "U8": "u1",
}
"""NumPy's types; bfloat16, which it lacks, is the upper half of a float32."""

LARGEST_TABLE = 100_000_000  # bytes, as in the format's own library
MOST_DIMS = 8


def begins_so(head: bytes, size: int) -> bool:
    """Whether a file of `size` bytes that begins with the 16 of `head` can be one."""
    return head[8:9] == b"{" and struct.unpack("<Q", head[:8])[0] < size


def read_safetensors(path: Path) -> dict[str, Tensor]:
    """The tensors by name.

    Raises:
        UserError: the file is truncated or none of safetensors; or has a type that PyTorch's networks do not have here.
    """
    data = path.read_bytes()
    try:
        start = 8 + struct.unpack("<Q", data[:8])[0]
        if start > min(len(data), LARGEST_TABLE):
            raise ValueError("a table longer than the file")
        table = json.loads(data[8:start], object_pairs_hook=_once)
        table.pop("__metadata__", None)
        for name, entry in table.items():
            if entry["dtype"] not in TYPES:
                known = ", ".join(TYPES)
                raise UserError(
                    f"{path}: {name!r:.80} in it is of type {entry['dtype']!r:.20}; those read are {known}."
                )
        _check_places([entry["data_offsets"] for entry in table.values()], len(data) - start)
        return {name: _tensor(entry, data, start) for name, entry in table.items()}
    except UserError:
        raise
    except Exception as error:  # on foreign bytes it fails in any way there is
        raise UserError(f"{path}: cannot be read; it is truncated or damaged, or no file of safetensors.") from error


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name that comes twice")
    return found


def _check_places(places: list[Any], size: int) -> None:
    """Every tensor has its own bytes: a few of them cannot stand for many large ones."""
    end = 0
    for first, last in sorted(map(tuple, places)):
        if not (type(first) is int and type(last) is int and end <= first <= last <= size):
            raise ValueError("tensors outside of the file, or over one another")
        end = last


def _tensor(entry: dict[str, Any], data: bytes, start: int) -> Tensor:
    (first, last), shape, kind = entry["data_offsets"], entry["shape"], np.dtype(TYPES[entry["dtype"]])
    if len(shape) > MOST_DIMS or not all(type(size) is int and 0 <= size < 2**40 for size in shape):
        raise ValueError("no such shape")
    if prod(shape) * kind.itemsize != last - first:
        raise ValueError("another number of bytes than its shape has")
    values = np.frombuffer(data, kind, prod(shape), start + first)
    if entry["dtype"] == "BF16":
        values = (values.astype(np.uint32) << 16).view(np.float32)
    return torch.from_numpy(values.reshape(shape).copy())
