"""Protobuf messages without their generated classes: fields by number.

The numbers are from the `.proto` files that define a message; its reader names them. The input is untrusted, so every
count is limited.
"""

from collections.abc import Iterator
from typing import Any

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5  # wire types
Value = Any  # an integer, or the bytes of a string or a message as a memoryview

SHAPE_DIM, DIM_SIZE = 2, 1  # of TensorFlow's TensorShapeProto
LONGEST_VARINT = 10  # bytes of 64 bits
MOST_FIELDS, MOST_INTEGERS, MOST_DIMS = 200_000, 10_000, 8
LARGEST_DIM = 2**31


def fields(message: Value) -> Iterator[tuple[int, Value]]:
    """Yield number and value of every field of a message; nested messages and strings are memoryviews.
    Raises TypeError (a number where a message should be), IndexError or ValueError if it is not a whole message."""
    data, at, count = memoryview(message), 0, 0
    while at < len(data):
        count += 1
        if count > MOST_FIELDS:
            raise ValueError("more fields than any message has")
        key, at = varint(data, at)
        wire = key & 7
        if wire == VARINT:
            value, at = varint(data, at)
        elif wire in (BYTES, FIXED64, FIXED32):
            length, at = varint(data, at) if wire == BYTES else (8 if wire == FIXED64 else 4, at)
            if at + length > len(data):
                raise ValueError("the message ends inside a field")
            value, at = data[at : at + length], at + length
        else:
            raise ValueError(f"no such wire type: {wire}")
        yield key >> 3, value


def varint(data: memoryview, at: int) -> tuple[int, int]:
    """Return the integer at `at`, seven bits per byte, lowest first; and where it ends.
    Raises IndexError: nothing there; ValueError: longer than 64 bits take."""
    value = 0
    for place in range(LONGEST_VARINT):
        byte = data[at + place]
        value |= (byte & 0x7F) << 7 * place
        if byte < 0x80:
            return value, at + place + 1
    raise ValueError("an integer without end")


def varints(data: Value) -> tuple[int, ...]:
    """Return consecutive integers, as packed in a repeated field."""
    data, at, found = memoryview(data), 0, []
    while at < len(data):
        value, at = varint(data, at)
        found.append(value)
        if len(found) > MOST_INTEGERS:
            raise ValueError("more integers than any attribute has")
    return tuple(found)


def tensor_shape(message: Value) -> tuple[int, ...]:
    """Return the sizes in a TensorShapeProto. Raises ValueError: more, or larger ones, than a tensor can have."""
    dims = [dict(fields(dim)).get(DIM_SIZE, 0) for number, dim in fields(message) if number == SHAPE_DIM]
    if len(dims) > MOST_DIMS or not all(isinstance(size, int) and size < LARGEST_DIM for size in dims):
        raise ValueError("no such shape")
    return tuple(dims)
