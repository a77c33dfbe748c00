"""Writes TensorFlow checkpoints, by the descriptions of LevelDB's tables and of tensor_bundle.proto."""

import struct
from collections.abc import Mapping
from pathlib import Path

import numpy as np

MAGIC = 0xDB4775248B80FB57
DTYPES = {"float32": 1, "int64": 9}
EACH = 7  # entries in a block, of which only the first has its whole key


def write_checkpoint(prefix: Path, variables: Mapping[str, np.ndarray]) -> None:
    """`prefix`.index and `prefix`.data-00000-of-00001."""
    data, entries = b"", {b"": field(1, 1)}  # the header: one data file
    for name in sorted(variables):
        values = np.asarray(variables[name])
        shape = b"".join(message(2, field(1, size)) for size in values.shape)
        place = field(4, len(data)) if data else b""  # a zero is left out
        entries[name.encode()] = (
            field(1, DTYPES[str(values.dtype)])
            + message(2, shape)
            + place
            + field(5, values.nbytes)
            + (varint(6 << 3 | 5) + checksum(values.tobytes()))
        )
        data += values.tobytes()
    prefix.with_name(f"{prefix.name}.data-00000-of-00001").write_bytes(data)
    prefix.with_name(f"{prefix.name}.index").write_bytes(table(entries))


def table(entries: Mapping[bytes, bytes]) -> bytes:
    """A sorted table of several blocks."""
    content, index, keys = b"", {}, sorted(entries)
    for first in range(0, len(keys), EACH):
        part = keys[first : first + EACH]
        written = block({key: entries[key] for key in part})
        index[part[-1]] = varint(len(content)) + varint(len(written))
        content += written + b"\0" + checksum(written + b"\0")  # uncompressed
    handles = []
    for written in (block({}), block(index)):
        handles.append(varint(len(content)) + varint(len(written)))
        content += written + b"\0" + checksum(written + b"\0")
    return content + b"".join(handles).ljust(40, b"\0") + struct.pack("<Q", MAGIC)


def block(entries: Mapping[bytes, bytes]) -> bytes:
    """Entries one behind the other, keys without what they share with the one before, and one restart."""
    content, before = b"", b""
    for key, value in entries.items():
        shared = next((i for i, (one, other) in enumerate(zip(key, before, strict=False)) if one != other), None)
        shared = min(len(key), len(before)) if shared is None else shared
        content += varint(shared) + varint(len(key) - shared) + varint(len(value)) + key[shared:] + value
        before = key
    return content + struct.pack("<II", 0, 1)


def checksum(content: bytes) -> bytes:
    """CRC-32C a bit at a time, masked as in LevelDB."""
    value = 0xFFFFFFFF
    for byte in content:
        value ^= byte
        for _ in range(8):
            value = value >> 1 ^ (0x82F63B78 if value & 1 else 0)
    value ^= 0xFFFFFFFF
    return struct.pack("<I", ((value >> 15 | value << 17) + 0xA282EAD8) & 0xFFFFFFFF)


def field(number: int, value: int) -> bytes:
    return varint(number << 3) + varint(value)


def message(number: int, content: bytes) -> bytes:
    return varint(number << 3 | 2) + varint(len(content)) + content


def varint(value: int) -> bytes:
    found = b""
    while value >= 0x80:
        found, value = found + bytes([value & 0x7F | 0x80]), value >> 7
    return found + bytes([value])
