"""Tables of FlatBuffers and maps of FlexBuffers, without generated classes: fields by number, entries by name.

The input is untrusted, so every count is limited.
"""

import struct
from typing import Any

import numpy as np

MOST_TABLES = 20_000
"""Of a vector."""

INTEGERS, FLOATS, MAP, FLAG = (1, 6), (3, 8), 9, 26
"""FlexBuffer types: of integers and of floats, inline or at an offset."""

SIZES = {1: "<b", 2: "<h", 4: "<i", 8: "<q"}
UNSIGNED = {1: "<B", 2: "<H", 4: "<I", 8: "<Q"}
REALS = {4: "<f", 8: "<d"}


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


def flex_map(data: bytes) -> dict[str, float]:
    """Return the numbers and flags of a FlexBuffer whose root is a map, by name. Raises ValueError or struct.error."""
    if len(data) < 3:
        raise ValueError("no FlexBuffer")
    width, kind = data[-1], data[-2]
    if kind >> 2 != MAP:
        raise ValueError("no map")
    place = len(data) - 2 - width
    start = place - _read(UNSIGNED, data, place, width)
    width = 1 << (kind & 3)
    count = _read(UNSIGNED, data, start - width, width)
    keys = start - 3 * width - _read(UNSIGNED, data, start - 3 * width, width)
    key_width = _read(UNSIGNED, data, start - 2 * width, width)
    if start < 0 or count > MOST_TABLES or start + count * (width + 1) > len(data):
        raise ValueError("no map")
    found = {}
    for index in range(count):
        at = keys + index * key_width
        name_at = at - _read(UNSIGNED, data, at, key_width)
        name = data[name_at : data.index(0, name_at)].decode()
        number = _number(data, start + index * width, width, data[start + count * width + index])
        if number is not None:
            found[name] = number
    return found


def _number(data: bytes, place: int, width: int, packed: int) -> float | None:
    kind = packed >> 2
    if kind in (INTEGERS[1], FLOATS[1]):
        place -= _read(UNSIGNED, data, place, width)
        width = 1 << (packed & 3)
    if kind in FLOATS:
        return _read(REALS, data, place, width)
    return _read(SIZES, data, place, width) if kind in (*INTEGERS, 2, FLAG) else None


def _read(formats: dict[int, str], data: bytes, place: int, width: int) -> Any:
    if place < 0 or width not in formats:
        raise ValueError("outside the buffer")
    return struct.unpack_from(formats[width], data, place)[0]
