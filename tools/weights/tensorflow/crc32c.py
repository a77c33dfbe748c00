"""CRC-32C (Castagnoli), the checksum of TensorFlow's files, in NumPy: a loop over bytes would take minutes.

The data are cut into equal strips whose checksums are computed side by side, a column of bytes at a time; then
neighbours are joined, halving their number each time. A checksum is linear over bits, so that appending zeros is a sum
of table entries.
"""

from functools import cache

import numpy as np

POLYNOMIAL = 0x82F63B78  # bit-reversed, as the checksum runs
MASK_DELTA = 0xA282EAD8  # of TensorFlow and LevelDB, which store masked checksums
FULL = np.uint32(0xFFFFFFFF)


def crc32c(data: "bytes | memoryview") -> int:
    values = np.frombuffer(data, np.uint8)
    if not values.size:
        return 0
    # Leading zeros do not change a checksum that begins with 0, so they pad the first strip.
    count = 1 << max(0, (values.size.bit_length() - 1) // 2)  # of strips, about the square root
    length = -(-values.size // count)
    strips = np.zeros(count * length, np.uint8)
    strips[-values.size :] = values
    columns = strips.reshape(count, length).T.copy()
    table, found = _table(), np.zeros(count, np.uint32)
    for column in columns:
        found = table[(found ^ column) & 0xFF] ^ (found >> 8)
    while found.size > 1:
        found = _advance(found[0::2], length) ^ found[1::2]
        length *= 2
    start = _advance(np.array([FULL]), values.size)  # the real one begins with ones
    return int(found[0] ^ start[0] ^ FULL)


def masked(checksum: int) -> int:
    """Return a checksum as TensorFlow's files store it."""
    return (((checksum >> 15) | (checksum << 17)) + MASK_DELTA) & 0xFFFFFFFF


def _advance(found: np.ndarray, zeros: int) -> np.ndarray:
    """Return checksums (without the inversions) after `zeros` further zero bytes."""
    for power in range(zeros.bit_length()):
        if zeros >> power & 1:
            found = _apply(_zeros(power), found)
    return found


@cache
def _table() -> np.ndarray:
    """Return what each byte makes of a checksum of 0, [256]."""
    values = np.arange(256, dtype=np.uint32)
    for _ in range(8):
        values = (values >> 1) ^ np.where(values & 1, np.uint32(POLYNOMIAL), np.uint32(0))
    return values


@cache
def _zeros(power: int) -> np.ndarray:
    """Return what 2**`power` zero bytes make of each byte of a checksum, [4, 256]."""
    if power == 0:
        bytes_ = np.arange(256, dtype=np.uint32)
        return np.stack([_table()[(value := bytes_ << 8 * place) & 0xFF] ^ (value >> 8) for place in range(4)])
    half = _zeros(power - 1)
    return np.stack([_apply(half, part) for part in half])


def _apply(tables: np.ndarray, found: np.ndarray) -> np.ndarray:
    low = tables[0][found & 0xFF] ^ tables[1][found >> 8 & 0xFF]
    return low ^ tables[2][found >> 16 & 0xFF] ^ tables[3][found >> 24]
