"""Surveys of a data set: all files in parallel, counts as text, evenly spread samples."""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import numpy as np

Found = TypeVar("Found")

PICTURES, COLUMNS, PICTURE_SIDE = 12, 4, 400
"""Of the mosaic: images, columns, longest side of an image in pixels."""


def look_at_all(look: Callable[[int], Found], count: int) -> list[Found]:
    """Return `look(i)` for every i, on all cores. Decoders release the GIL, so threads are enough."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(look, range(count)))


def histogram(counts: dict[str, int], width: int = 40) -> list[str]:
    """Return one line per name, the most frequent first, with a bar of up to `width` characters."""
    most, widest = max(counts.values()) or 1, max(map(len, counts))
    digits = max(8, len(f"{most:,}"))
    ranked = sorted(counts.items(), key=lambda item: -item[1])
    return [f"  {name:<{widest}} {count:>{digits},} {'#' * -(-count * width // most)}" for name, count in ranked]


def spread(pool: Sequence[int], most: int = PICTURES) -> list[int]:
    """Return at most `most` of `pool`, evenly spread."""
    places = np.linspace(0, len(pool) - 1, min(most, len(pool))).astype(int)
    return [int(pool[place]) for place in places]
