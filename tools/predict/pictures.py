"""Images, folders, patterns, videos and cameras as one stream of pictures, decoded ahead of the consumer."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from mnv3.tools.errors import UserError
from mnv3.tools.images.read import image_size, read_pixels
from mnv3.tools.machine.allocator import give_back_memory
from mnv3.tools.predict import video as media_video
from mnv3.tools.predict.sources import Source

DECODERS = 2
"""Threads that decode images; a network on a CPU needs the rest."""

MOST_BYTES = 192 * 2**20
"""Most bytes of decoded pictures that wait before or after the network; a larger picture waits alone."""


class Picture(NamedTuple):
    """`pixels` [H, W, 3] uint8 RGB of `source`. Of a video: number of the `frame`, from 0, and frames per second."""

    source: Source
    pixels: np.ndarray
    frame: int | None = None
    fps: float | None = None


class Job(NamedTuple):
    """A function that decodes, and the bytes that its result takes."""

    decode: Callable[[], Any]
    bytes: int


def length(sources: Iterable[Source], most_frames: int | None = None) -> int | None:
    """Return the number of pictures that `stream` yields, as the videos state it; None if a source is endless.
    Raises UserError with a sentence per unreadable video."""
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


def stream(
    sources: Sequence[Source], ahead: int, most_frames: int | None = None, damaged: Callable[[str], None] = print
) -> Iterator[Picture | UserError]:
    """Yield the pictures of `sources` in order, up to `ahead` of them and MOST_BYTES decoded in other threads; the
    error instead of an unreadable image. `most_frames`: of each video. `damaged` is called with a sentence on each
    video with missing frames.

    Raises UserError for a missing camera or an unreadable video.
    """
    for video, group in groupby(sources, lambda source: source.video):
        if video:
            for source in group:
                yield from _frames(source, ahead, most_frames, damaged)
        else:
            yield from _ahead(map(_image, group), DECODERS, ahead)


def _image(source: Source) -> Job:
    """Return the job for an image; its size is from its header, so that a huge one cannot fill the queue."""
    assert isinstance(source.place, Path)
    path = source.place

    def decode() -> Picture | UserError:
        if size > MOST_BYTES:
            give_back_memory()
        try:
            return Picture(source, read_pixels(path))
        except UserError as error:
            return error
        finally:
            if size > MOST_BYTES:
                give_back_memory()

    try:
        height, width = image_size(path)
        size = 3 * height * width
    except UserError:
        size = 0  # decoding fails at once, with a better reason
    return Job(decode, size)


def _frames(source: Source, ahead: int, most: int | None, damaged: Callable[[str], None]) -> Iterator[Picture]:
    with media_video.open_video(source.place) as video:
        numbers = range(most) if most is not None else iter(int, 1)
        # A camera's frames are processed as they come, without a queue.
        waiting = 1 if source.live else ahead
        jobs = (Job(video.read, video.frame_bytes) for _ in numbers)
        for number, pixels in enumerate(_ahead(jobs, 1, waiting)):
            if pixels is None:
                break
            yield Picture(source, pixels, number, video.fps)
        if sentence := video.missing(most):
            damaged(sentence)


def _ahead(jobs: Iterator[Job], threads: int, ahead: int) -> Iterator:
    """Yield results of `jobs` in order, starting up to `ahead` of them and MOST_BYTES in advance."""
    pending: deque[tuple[Future, int]] = deque()
    waiting = 0
    pool = ThreadPoolExecutor(threads)
    try:
        for job in jobs:
            while pending and (len(pending) > ahead or waiting + job.bytes > MOST_BYTES):
                future, size = pending.popleft()
                waiting -= size
                yield future.result()
            pending.append((pool.submit(job.decode), job.bytes))
            waiting += job.bytes
        while pending:
            yield pending.popleft()[0].result()
    finally:
        pool.shutdown(cancel_futures=True)
