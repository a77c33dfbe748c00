"""Images, folders, patterns, videos and cameras as one stream of pictures, decoded ahead of whoever takes them."""

import glob
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from difflib import get_close_matches
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

import numpy as np

from tools import media_video
from tools.errors import UserError
from tools.images import read_pixels

IMAGE_SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff", ".gif", ".ppm", ".pgm", ".jp2", ".avif")
"""Files of a folder that are taken for images; a file that is named is taken for one whatever its suffix."""

WEBCAM = "webcam"
DECODERS = 2
"""Threads that decode images; a network on a CPU leaves no room for more."""


class Source(NamedTuple):
    """A file or camera. `place`: its path, the number of a camera, or the address of one. `name`: relative path without
    suffix for what is made of it, unique among the sources of a call."""

    name: str
    place: Path | int | str
    video: bool

    @property
    def live(self) -> bool:
        """Whether it goes on until it is stopped."""
        return not isinstance(self.place, Path)

    def __str__(self) -> str:
        return f"{WEBCAM} {self.place}" if isinstance(self.place, int) else str(self.place)


class Picture(NamedTuple):
    """`pixels` [H, W, 3] uint8 RGB of `source`. Of a video: number of the `frame`, from 0, and frames a second."""

    source: Source
    pixels: np.ndarray
    frame: int | None = None
    fps: float | None = None


def find(words: Sequence[str]) -> list[Source]:
    """The sources that `words` name: files, folders (what is directly in them), patterns with * ? [] **, `webcam`, the
    number of a camera, rtsp:// addresses. Each file once, in the order of the words, then by name.

    Raises UserError, a sentence for each word that names nothing.
    """
    problems: list[str] = []
    found: dict[Path | int | str, Source] = {}
    names: set[str] = set()
    for word in words:
        try:
            sources = _of_word(word)
        except UserError as error:
            problems += error.problems
            continue
        for source in sources:
            place = source.place.resolve() if isinstance(source.place, Path) else source.place
            if place not in found:
                found[place] = source._replace(name=_unused(source.name, names))
    if not words:
        problems.append(
            "Say what to look at: an image, a folder, a pattern, a video or webcam, as in `mnv3 predict photo.jpg`."
        )
    if problems:
        raise UserError(*dict.fromkeys(problems))
    return list(found.values())


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


def title(word: str) -> str:
    """What a folder of results on `word` may be called: the file or folder that it names or begins with."""
    path = Path(word).expanduser()
    if path.is_file():
        return path.stem
    if path.is_dir():
        return path.resolve().name or "root"
    return _root(path).resolve().name if glob.has_magic(word) else _of_word(word)[0].name


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


def _of_word(word: str) -> list[Source]:
    if word == WEBCAM or word.isdigit():
        number = int(word) if word.isdigit() else 0
        return [Source(f"{WEBCAM}{number or ''}", number, video=True)]
    if word.startswith("rtsp://"):
        return [Source("camera", word, video=True)]
    path = Path(word).expanduser()
    if path.is_file():
        return [_of_file(path, path.parent)]
    if path.is_dir():
        return _of_folder(path)
    if glob.has_magic(word):
        pattern = str(path)
        root = _root(path)
        files = [Path(file) for file in sorted(glob.glob(pattern, recursive=True))]
        sources = [_of_file(file, root) for file in files if file.is_file() and _is_known(file)]
        if not sources:
            what = "matches no image or video" if files else "matches nothing"
            raise UserError(f"{word}: {what}.")
        return sources
    near = get_close_matches(path.name, [file.name for file in _listed(path.parent)], 1, 0.7)
    hint = f"; did you mean {path.parent / near[0]}?" if near else "."
    raise UserError(f"{word}: there is no such file or folder{hint}")


def _of_folder(folder: Path) -> list[Source]:
    files = [file for file in _listed(folder) if file.is_file() and _is_known(file)]
    if files:
        return [_of_file(file, folder) for file in files]
    deeper = next((file for file in folder.rglob("*") if file.suffix.lower() in IMAGE_SUFFIXES), None)
    hint = f"; those in the folders below it: '{folder}/**/*{deeper.suffix}'." if deeper else "."
    raise UserError(f"{folder}: there is no image or video in this folder{hint}")


def _root(pattern: Path) -> Path:
    """The folder that a pattern's matches are all below."""
    return Path(*pattern.parts[: next(i for i, part in enumerate(pattern.parts) if glob.has_magic(part))])


def _listed(folder: Path) -> list[Path]:
    """What is in `folder`, hidden files left out, by name."""
    return sorted(file for file in folder.iterdir() if not file.name.startswith(".")) if folder.is_dir() else []


def _is_known(file: Path) -> bool:
    return file.suffix.lower() in (*IMAGE_SUFFIXES, *media_video.SUFFIXES)


def _of_file(file: Path, root: Path) -> Source:
    return Source(file.relative_to(root).with_suffix("").as_posix(), file, file.suffix.lower() in media_video.SUFFIXES)


def _unused(name: str, names: set[str]) -> str:
    """`name`, or name-2, name-3, ... if it is taken; takes it. Case does not tell names apart on every disk."""
    number, candidate = 1, name
    while candidate.lower() in names:
        number += 1
        candidate = f"{name}-{number}"
    names.add(candidate.lower())
    return candidate


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
