"""The loop of `mnv3 predict`: decoding, network and writing in parallel threads."""

import sys
import time
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from typing import Any, NamedTuple

import numpy as np

from mnv3.tools.errors import UserError
from mnv3.tools.predict import pictures as media
from mnv3.tools.predict.operating_point import nothing_words
from mnv3.tools.predict.outputs import Sink, in_words
from mnv3.tools.predict.predictor import Boxes, Predictor
from mnv3.tools.predict.sources import Source

MOST_LINES = 8
"""Pictures up to which each gets a line on its content."""


class Done(NamedTuple):
    """`skipped`: a sentence per unreadable image. `damaged`: one per video with missing frames. `lines`: the content of
    each of at most MOST_LINES pictures, else none. `stopped`: by Ctrl-C. `nothing`: no picture has a box to keep;
    `highest`: the highest score below the threshold in such pictures, if known."""

    pictures: int
    seconds: float
    skipped: list[str]
    damaged: list[str]
    lines: list[str]
    stopped: bool
    nothing: bool = False
    highest: float | None = None


def predict_all(
    predictor: Predictor,
    sources: Sequence[Source],
    sinks: Sequence[Sink],
    *,
    batch_size: int,
    threshold: float,
    numbers: set[int],
    frames: int | None = None,
    total: int | None = None,
) -> Done:
    """Predict on all pictures of `sources` and pass them to `sinks`. Ctrl-C ends it early, with all files whole.

    `threshold`: least score of boxes to keep; `numbers`: their classes. `frames`: most per video. `total`: pictures
    to expect, None if unknown. Raises UserError if no picture can be read.
    """
    skipped: list[str] = []
    damaged: list[str] = []
    lines: list[str] = []
    count, stopped, start = 0, False, time.perf_counter()
    empty = Empty()
    stream = media.stream(sources, 2 * batch_size, frames, damaged.append)
    with _bar(total) as show, _Writer(sinks, 2 * batch_size) as writer:
        try:
            for picture, kept in predictions(predictor, stream, batch_size, threshold, numbers, skipped, empty):
                writer.add(picture, kept)
                if count < MOST_LINES:
                    nothing = nothing_words(threshold, empty.latest)
                    lines.append(f"{picture.source}: {in_words(predictor.classes, kept, numbers, nothing)}")
                count += 1
                show(count + len(skipped))
                del picture  # frees a huge one before the next is decoded
        except KeyboardInterrupt:
            stopped = True
        if not count and skipped:
            raise UserError(*skipped)
    lines = lines if count == len(lines) and all(not source.video for source in sources) else []
    seconds, nothing = time.perf_counter() - start, count == empty.count > 0
    return Done(count, seconds, skipped, damaged, lines, stopped, nothing, empty.highest)


class Empty:
    """Counts pictures without a box to keep. `latest`, `highest`: the highest score of the wanted classes in the latest
    such picture and in all, None if unknown."""

    def __init__(self) -> None:
        self.count = 0
        self.latest: float | None = None
        self.highest: float | None = None

    def add(self, found: Any, kept: Any, numbers: Collection[int]) -> None:
        """Add a picture with all that was `found`, and the boxes of it that are `kept`."""
        if not isinstance(kept, Boxes) or len(kept.scores):
            return
        self.count += 1
        low = found.scores[np.isin(found.classes, list(numbers))]
        self.latest = float(low.max()) if len(low) else None
        self.highest = max((score for score in (self.latest, self.highest) if score is not None), default=None)


def predictions(
    predictor: Predictor,
    stream: Iterable[media.Picture | UserError],
    batch_size: int,
    threshold: float,
    numbers: Collection[int],
    skipped: list[str],
    empty: Empty | None = None,
) -> Iterator[tuple[media.Picture, Any]]:
    """Yield each picture of `stream` with its label map, or with its boxes of the classes `numbers` that score at least
    `threshold`. Sentences on unreadable pictures are added to `skipped`, pictures without such boxes to `empty`."""
    for batch in _batches(stream, batch_size, skipped):
        found = predictor([picture.pixels for picture in batch])
        assert len(found) == len(batch)
        while batch:
            one = found.pop(0)
            kept = _kept(one, threshold, numbers)
            if empty is not None:
                empty.add(one, kept, numbers)
            del one
            yield batch.pop(0), kept


def _batches(
    stream: Iterable[media.Picture | UserError], size: int, skipped: list[str]
) -> Iterator[list[media.Picture]]:
    """Yield lists of `size` pictures, fewer of huge ones and at the end; unreadable ones go to `skipped`."""
    batch: list[media.Picture] = []
    for item in stream:
        if isinstance(item, UserError):
            skipped += item.problems
            continue
        batch.append(item)
        del item
        if len(batch) == size or sum(picture.pixels.nbytes for picture in batch) > media.MOST_BYTES:
            yield batch
            batch = []
    if batch:
        yield batch


def _kept(found: Any, threshold: float, numbers: Collection[int]) -> Any:
    """Select the wanted boxes; a label map is returned unchanged."""
    if not isinstance(found, Boxes):
        return found
    rows = (found.scores >= threshold) & np.isin(found.classes, list(numbers))
    return Boxes(*(column[rows] for column in found))


class _Writer:
    """Passes pictures to sinks in order from one thread, which may lag behind the network by `waiting` pictures and
    MOST_BYTES."""

    def __init__(self, sinks: Sequence[Sink], waiting: int) -> None:
        self.sinks, self.waiting = sinks, waiting
        self.pool = ThreadPoolExecutor(1)
        self.pending: deque[tuple[Future[None], int]] = deque()
        self.bytes = 0

    def add(self, picture: media.Picture, found: Any) -> None:
        """Queue a picture; raises what went wrong with an earlier one."""
        for sink in self.sinks:
            self.pending.append((self.pool.submit(sink.add, picture, found), picture.pixels.nbytes))
            self.bytes += picture.pixels.nbytes
        while len(self.pending) > self.waiting * len(self.sinks) or self.bytes > len(self.sinks) * media.MOST_BYTES:
            future, size = self.pending.popleft()
            self.bytes -= size
            future.result()

    def __enter__(self) -> "_Writer":
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self.pool.shutdown(cancel_futures=kind is not None)
        whole = False
        try:
            if kind is None:
                for future, _size in self.pending:
                    future.result()
                whole = True
        finally:
            with ExitStack() as closing:  # closes all, whatever goes wrong with one
                for sink in reversed(self.sinks):
                    closing.callback(sink.close, keep=whole)


@contextmanager
def _bar(total: int | None) -> Iterator[Callable[[int], None]]:
    """Yield a function that displays the number of finished pictures as a bar; it does nothing without a terminal."""
    if not sys.stdout.isatty():
        yield lambda done: None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = [BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[rate]}"), TimeRemainingColumn()]
    with Progress(*columns, transient=True) as progress:
        task, start = progress.add_task("", total=total, rate=""), time.perf_counter()

        def show(done: int) -> None:
            rate = f"{done / (time.perf_counter() - start):.1f} images/s"
            progress.update(task, completed=done, rate=rate)

        yield show
