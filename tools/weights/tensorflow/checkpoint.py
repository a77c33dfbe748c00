"""Reads TensorFlow checkpoints (`NAME.index` and `NAME.data-00000-of-00001`, format V2) without TensorFlow.

The index is a sorted table in LevelDB's file format, which maps a variable's name to a message BundleEntryProto
(tensor_bundle.proto): its type, its shape and its place in the data files.
"""

import struct
from collections.abc import Iterator
from math import prod
from pathlib import Path
from typing import NamedTuple

import numpy as np

from mnv3.tools.errors import UserError
from mnv3.tools.weights.seal import DamagedError
from mnv3.tools.weights.tensorflow.crc32c import crc32c, masked
from mnv3.tools.weights.tensorflow.protobuf import fields, tensor_shape, varint

FOOTER, MAGIC = 48, 0xDB4775248B80FB57  # bytes at the end of a table, and its last eight
UNCOMPRESSED = 0
HEADER_KEY, HEADER_SHARDS = b"", 1  # the first entry is a BundleHeaderProto
DTYPE, SHAPE, SHARD, OFFSET, SIZE, CHECKSUM, SLICES = 1, 2, 3, 4, 5, 6, 7
DTYPES = {1: "<f4", 2: "<f8", 3: "<i4", 9: "<i8", 19: "<f2"}  # of types.proto, those used for weights
AVERAGE = "/ExponentialMovingAverage"
MOST_SHARDS = 1000  # data files; large models have a hundred
LONGEST_KEY = 1000


class Place(NamedTuple):
    """Where a variable is: data file, first byte, number of bytes; and their checksum, 0 for none."""

    kind: np.dtype
    shape: tuple[int, ...]
    shard: int
    offset: int
    size: int
    checksum: int


def read_variables(path: Path) -> dict[str, np.ndarray]:
    """Return the variables of checkpoint `path` (without .index) by name, arrays in TensorFlow's layout.

    For variables with a moving average it is the average, which is what the authors evaluate. Raises UserError: a file
    is missing, cut off, not of such a checkpoint, or does not match its checksums.
    """
    index = path.with_name(f"{path.name}.index")
    if not index.is_file():
        raise UserError(f"{path}: there is no {index.name} beside it; give the common part of a checkpoint's names.")
    try:
        entries = dict(_table(memoryview(index.read_bytes())))
        shards = dict(fields(entries.pop(HEADER_KEY)))[HEADER_SHARDS]
        if not 0 < shards <= MOST_SHARDS:
            raise ValueError("no such number of data files")
        places = {str(key, "utf-8"): place for key, value in entries.items() if (place := _place(value)) is not None}
        files = [path.with_name(f"{path.name}.data-{shard:05}-of-{shards:05}") for shard in range(shards)]
        where = {name: files[place.shard] for name, place in places.items()}
    except DamagedError as error:
        raise UserError(f"{index} is damaged: {error}. The file is not used; copy it again.") from error
    except Exception as error:  # foreign bytes fail in arbitrary ways
        raise UserError(f"{index} is not the index of a TensorFlow checkpoint, or was cut off.") from error
    there = all(file.is_file() for file in files)
    if there and sum(place.size for place in places.values()) > sum(file.stat().st_size for file in files):
        raise UserError(f"{path}: its variables claim to be larger than its data files; one of them was cut off.")
    variables = {name: _array(place, where[name], name) for name, place in places.items()}
    averages = {name.removesuffix(AVERAGE): value for name, value in variables.items() if name.endswith(AVERAGE)}
    return {name: averages.get(name, value) for name, value in variables.items() if not name.endswith(AVERAGE)}


def _place(message: memoryview) -> Place | None:
    """Parse an entry of the index; None for a variable that is not a weight or is split into slices."""
    entry = dict(fields(message))
    if entry.get(DTYPE) not in DTYPES or SLICES in entry:
        return None
    kind, shape = np.dtype(DTYPES[entry[DTYPE]]), tensor_shape(entry.get(SHAPE, b""))
    checksum = int.from_bytes(entry.get(CHECKSUM, b""), "little")
    return Place(kind, shape, entry.get(SHARD, 0), entry.get(OFFSET, 0), entry.get(SIZE, 0), checksum)


def _array(place: Place, file: Path, name: str) -> np.ndarray:
    """Read a variable's values from its data file."""
    if not file.is_file():
        raise UserError(f"{file} is missing: a checkpoint is an .index file and its .data files together.")
    count = prod(place.shape)
    if place.size != count * place.kind.itemsize or place.offset + place.size > file.stat().st_size:
        raise UserError(f"{file} was cut off, or is of another checkpoint: it does not hold all of {name}.")
    values = np.fromfile(file, np.uint8, place.size, offset=place.offset)
    if place.checksum and masked(crc32c(values.data)) != place.checksum:
        raise UserError(f"{file} is damaged: {name} in it does not match its checksum. Copy it again.")
    return values.view(place.kind).reshape(place.shape)


def _table(data: memoryview) -> Iterator[tuple[bytes, memoryview]]:
    """Yield keys and values of a table. Raises DamagedError, or ValueError and the like if it is not a table."""
    if len(data) < FOOTER or struct.unpack("<Q", data[-8:])[0] != MAGIC:
        raise ValueError("no table")
    footer, at = data[-FOOTER:], 0
    for _ in range(2):  # the place of the meta index, which is empty
        _, at = varint(footer, at)
    end = 0
    for _, handle in _block(data, footer[at:]):
        offset, at = varint(handle, 0)
        if offset < end:
            raise ValueError("overlapping blocks")
        end = offset + varint(handle, at)[0]
        yield from _block(data, handle)


def _block(data: memoryview, handle: memoryview) -> Iterator[tuple[bytes, memoryview]]:
    """Yield keys and values of the block at `handle`; of each key only its difference from the previous is stored."""
    offset, at = varint(handle, 0)
    size, _ = varint(handle, at)
    if data[offset + size] != UNCOMPRESSED:
        raise ValueError("a compressed block")
    (checksum,) = struct.unpack_from("<I", data, offset + size + 1)  # of the block and the byte of its compression
    if checksum and masked(crc32c(data[offset : offset + size + 1])) != checksum:
        raise DamagedError("a block in it does not match its checksum")
    block, at, key = data[offset : offset + size], 0, b""
    end = size - 4 * (struct.unpack("<I", block[-4:])[0] + 1)  # the restarts, and their number
    while at < end:
        shared, at = varint(block, at)
        own, at = varint(block, at)
        length, at = varint(block, at)
        if shared > len(key) or shared + own > LONGEST_KEY or at + own + length > end:
            raise ValueError("an entry that does not fit its block")
        key = key[:shared] + bytes(block[at : at + own])
        yield key, block[at + own : at + own + length]
        at += own + length
