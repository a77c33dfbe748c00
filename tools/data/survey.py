"""Surveys of a data set: all files in parallel, counts as text, evenly spread samples."""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import numpy as np

from mnv3.tools.machine.stops import cancelling

Found = TypeVar("Found")

PICTURES, COLUMNS, PICTURE_SIDE = 12, 4, 400
"""Of the mosaic: images, columns, longest side of an image in pixels."""


MANY, REPORTS = 500, 10
"""Files from which progress is logged, and lines of it."""


def look_at_all(
    look: Callable[[int], Found], count: int, log: Callable[[str], None] | None = None, what: str = ""
) -> list[Found]:
    """Return `look(i)` for every i, on all cores. Decoders release the GIL, so threads are enough.
    With `log`, log progress of `what` if there are many."""
    found: list[Found] = []
    with ThreadPoolExecutor(os.cpu_count()) as pool, cancelling(pool):
        for done, one in enumerate(pool.map(look, range(count)), start=1):
            found.append(one)
            if log and count >= MANY and done * REPORTS // count != (done - 1) * REPORTS // count:
                log(f"  {what}: {done:,} of {count:,}")
    return found


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
