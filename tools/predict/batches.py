"""Predictions of all images of a data set, for surveys of its labels."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from mnv3.tools.errors import UserError
from mnv3.tools.machine.stops import cancelling

BATCH = 8
MANY, REPORTS = 200, 10
"""Images from which progress is logged, and lines of it."""


def predict_images(
    predict: Callable[[list[np.ndarray]], list[Any]],
    read: Callable[[int], np.ndarray],
    count: int,
    log: Callable[[str], None],
    what: str,
) -> Iterator[tuple[int, Any]]:
    """Yield the index and the result of each of `count` images; those that `read` cannot read are left out."""

    def attempt(index: int) -> np.ndarray | None:
        try:
            return read(index)
        except UserError:
            return None

    with ThreadPoolExecutor(BATCH) as pool, cancelling(pool):
        for start in range(0, count, BATCH):
            images = dict(enumerate(pool.map(attempt, range(start, min(start + BATCH, count))), start=start))
            found = {index: image for index, image in images.items() if image is not None}
            yield from zip(found, predict(list(found.values())) if found else [], strict=True)
            done = min(start + BATCH, count)
            if count >= MANY and done * REPORTS // count != start * REPORTS // count:
                log(f"  {what}: {done:,} of {count:,}")
