"""Images, folders, patterns, videos and cameras as one stream of pictures, decoded ahead of whoever takes them."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

import numpy as np

from tools import media_video
from tools.errors import UserError
from tools.images import read_pixels
from tools.media_sources import Source

DECODERS = 2
"""Threads that decode images; a network on a CPU leaves no room for more."""


class Picture(NamedTuple):
    """`pixels` [H, W, 3] uint8 RGB of `source`. Of a video: number of the `frame`, from 0, and frames a second."""

    source: Source
    pixels: np.ndarray
    frame: int | None = None
    fps: float | None = None


def length(sources: Iterable[Source], most_frames: int | None = None) -> int | None:
    """Pictures that `stream` yields, by what the videos say of themselves; None if a source has no end.

    Raises UserError, a sentence for each video that cannot be read.
    """
    counts: list[int | None] = []
    problems: list[str] = []
    for source in sources:
        try:
            frames = media_video.frame_count(source.place) if source.video else 1
        except UserError as error:
            problems += error.problems
            continue
        if most_frames is not None and source.video:
            frames = most_frames if frames is None else min(frames, most_frames)
        counts.append(frames)
    if problems:
        raise UserError(*problems)
    known = [count for count in counts if count is not None]
    return sum(known) if len(known) == len(counts) else None


def stream(sources: Sequence[Source], ahead: int, most_frames: int | None = None) -> Iterator[Picture | UserError]:
    """The pictures of `sources` one after the other, up to `ahead` of them decoded in other threads meanwhile; in the
    place of an image that cannot be read, why. `most_frames`: of each video.

    Raises UserError for a camera that is not there and a video that cannot be read.
    """
    for video, group in groupby(sources, lambda source: source.video):
        if video:
            for source in group:
                yield from _frames(source, ahead, most_frames)
        else:
            yield from _ahead((_reader(source) for source in group), DECODERS, ahead)


def _reader(source: Source) -> Callable[[], Picture | UserError]:
    def read() -> Picture | UserError:
        assert isinstance(source.place, Path)
        try:
            return Picture(source, read_pixels(source.place))
        except UserError as error:
            return error

    return read


def _frames(source: Source, ahead: int, most: int | None) -> Iterator[Picture]:
    with media_video.open_video(source.place) as video:
        numbers = range(most) if most is not None else iter(int, 1)
        # A camera's frames are looked at as they come, none from a queue.
        waiting = 1 if source.live else ahead
        for number, pixels in enumerate(_ahead((video.read for _ in numbers), 1, waiting)):
            if pixels is None:
                break
            yield Picture(source, pixels, number, video.fps)


def _ahead(jobs: Iterator[Callable], threads: int, ahead: int) -> Iterator:
    """Results of `jobs` in their order, `ahead` of them begun before they are asked for."""
    pending: deque[Future] = deque()
    pool = ThreadPoolExecutor(threads)
    try:
        for job in jobs:
            pending.append(pool.submit(job))
            if len(pending) > ahead:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)
