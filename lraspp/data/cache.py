"""Decoded copies of frames, so that a training crop is read without decoding its frame.

Decoding a 2048x1024 PNG takes ten times as long as the rest of a training sample. A copy is one file per frame: a
header of HEADER bytes (JSON, padded), then the image [H, W, 3] and the label file's values [H, W], all uint8. The file
is memory-mapped, so only the rows and columns of a crop are read.
"""

import json
import os
import shutil
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from mnv3.lraspp.data.frames import Frame, FrameData
from mnv3.lraspp.data.pixels import Pixels, decode
from mnv3.tools.data.survey import look_at_all
from mnv3.tools.errors import UserError
from mnv3.tools.files.temporaries import tidy
from mnv3.tools.files.write import atomic_path
from mnv3.tools.images.read import image_size
from mnv3.tools.machine.stops import cancelling

HEADER = 4096
"""Bytes before the pixels, one memory page, for alignment."""
VERSION = 1
SUFFIX = ".frame"
REPORTS = 10
"""Progress lines per call."""


class Written(NamedTuple):
    """Result of `write_copies`: frames copied now, frames with a fresh copy already, bytes of all copies."""

    new: int
    kept: int
    bytes: int


def key(name: str, folder: Path, root: Path) -> Path:
    """Return a unique relative path for the data set in `folder`: that below the data root, so that both can move."""
    try:
        below = folder.absolute().relative_to(root.absolute())
    except ValueError:
        return Path(name, *folder.absolute().parts[1:])
    return below if below.parts else Path(name)


class Header(NamedTuple):
    """Header of a copy: the frame's size (H, W), whether label values follow the image, and the stamp of its files."""

    size: tuple[int, int]
    has_values: bool
    stamp: Any

    @property
    def bytes(self) -> int:
        """Length of the whole copy."""
        height, width = self.size
        return HEADER + height * width * (4 if self.has_values else 3)


def with_copies(data: FrameData, folder: Path, log: Callable[[str], None]) -> tuple[Frame, ...]:
    """Return the frames of `data` with the paths of fresh copies in `folder`; log how many there are, if any."""
    if not folder.is_dir():
        return data.frames
    frames = tuple(look_at_all(lambda index: _with_copy(data.frames[index], folder), len(data)))
    fresh = sum(frame.cached is not None for frame in frames)
    stale = sum(path_of(frame, folder).exists() for frame in frames) - fresh
    renew = f"; {stale} are outdated or damaged: run `mnv3 data cache` to renew them" if stale else ""
    if fresh or stale:
        log(f"Decoded copies of {fresh} of {len(frames)} frames are in {folder}{renew}.")
    return frames


def _with_copy(frame: Frame, folder: Path) -> Frame:
    path = path_of(frame, folder)
    try:
        header = _header(path)
        same = header.stamp == _stamp(frame) and header.size == image_size(frame.label or frame.image)
        fresh = same and header.has_values == (frame.label is not None)
        return frame._replace(cached=path) if fresh else frame
    except (OSError, UserError):
        return frame


def path_of(frame: Frame, folder: Path) -> Path:
    """Return the path of the copy of `frame`, whether it exists or not."""
    return folder / f"{frame.name}{SUFFIX}"


def size_of(path: Path) -> tuple[int, int]:
    """Return the (H, W) of the frame in the copy `path`. Raises OSError if it is missing or damaged."""
    return _header(path).size


def map_copy(path: Path) -> Pixels:
    """Map the pixels of a copy into memory, to be read on use. Raises OSError if it is missing or damaged."""
    header = _header(path)
    height, width = header.size
    try:
        mapped = np.memmap(path, np.uint8, "r", HEADER, (header.bytes - HEADER,))
    except ValueError as error:  # truncated in the meantime
        raise OSError(f"{path} is not a whole copy: {error}") from None
    image = mapped[: height * width * 3].reshape(height, width, 3)
    return Pixels(image, mapped[height * width * 3 :].reshape(height, width) if header.has_values else None)


def _header(path: Path) -> Header:
    """Read a copy's header. Raises OSError unless it is of this version and the file has the right length."""
    with path.open("rb") as file:
        content, length = file.read(HEADER), os.fstat(file.fileno()).st_size
    try:
        match json.loads(content):
            case {"version": int(version), "size": [int(height), int(width)], "values": bool(values), "stamp": stamp}:
                header = Header((height, width), values, stamp)
                if version == VERSION and min(header.size) > 0 and header.bytes == length:
                    return header
    except (ValueError, RecursionError):
        pass
    raise OSError(f"{path} is not a whole copy of this version.")


def _stamp(frame: Frame) -> list[list[int]]:
    """Return modification time and size of both files, which identify them."""
    files = [os.stat(path) for path in (frame.image, frame.label) if path is not None]
    return [[file.st_mtime_ns, file.st_size] for file in files]


def write_copies(data: FrameData, folder: Path, log: Callable[[str], None], workers: int | None = None) -> Written:
    """Log the size, then write the copies that are missing or outdated into `folder`.

    An interrupted call can resume. Raises UserError: not enough room; or, after all other frames, unreadable ones.
    """
    todo = [frame for frame in data.frames if _with_copy(frame, folder).cached is None]
    kept = len(data) - len(todo)
    for below in (folder, *(path for path in folder.rglob("*") if path.is_dir())):
        tidy(below)
    needed, present = _bytes_needed(todo), _bytes_present(data.frames, folder)
    free = shutil.disk_usage(_existing(folder)).free
    log(
        f"{data.name}, {data.split}: {len(todo)} of {len(data)} frames to decode into {folder}: "
        f"{gigabytes(needed)} more, {gigabytes(present)} exist, {gigabytes(free)} are free."
    )
    if needed > free:
        raise UserError(f"No room in {folder}: {gigabytes(needed)} are needed, {gigabytes(free)} are free.")
    start = time.perf_counter()
    write = partial(_write_copy, folder)
    with ThreadPoolExecutor(workers or os.cpu_count()) as pool, cancelling(pool):  # decoders release the GIL
        problems = _collect(pool.map(write, todo), len(todo), log)
    new = len(todo) - len(problems)
    total = _bytes_present(data.frames, folder)
    log(f"{new} frames decoded in {time.perf_counter() - start:.0f} s: {gigabytes(total)} on disk for this split.")
    if problems:
        raise UserError(*problems)
    return Written(new, kept, total)


def _collect(results: Iterable[str | None], count: int, log: Callable[[str], None]) -> list[str]:
    """Return the problems among `results`; log progress."""
    problems = []
    for done, problem in enumerate(results, start=1):
        problems += [problem] if problem else []
        if count >= 100 and done * REPORTS // count != (done - 1) * REPORTS // count:
            log(f"  {done} of {count}")
    return problems


def _write_copy(folder: Path, frame: Frame) -> str | None:
    """Decode one frame into `folder`; return the problem with it, None if it is fine."""
    try:
        stamp = _stamp(frame)  # before reading, so that a concurrent change makes the copy stale, not wrong
        image, values = decode(frame)
    except UserError as error:
        return " ".join(error.problems)
    except FileNotFoundError as error:
        return f"{error.filename} does not exist."
    header = {"version": VERSION, "size": image.shape[:2], "values": values is not None, "stamp": stamp}
    with atomic_path(path_of(frame, folder)) as temporary, temporary.open("wb") as file:
        file.write(json.dumps(header).encode().ljust(HEADER))
        for part in (image, values):
            if part is not None:
                file.write(np.ascontiguousarray(part).data)
    return None


def remove_copies(data: FrameData, folder: Path, log: Callable[[str], None]) -> int:
    """Remove the copies of this split, including stale ones; return the bytes freed."""
    files = sorted(folder.rglob(f"*{SUFFIX}")) if folder.is_dir() else []
    freed = sum(file.stat().st_size for file in files)
    for file in files:
        file.unlink()
    for below in sorted((path for path in folder.rglob("*") if path.is_dir()), reverse=True):
        below.rmdir()
    for empty in (folder, folder.parent):
        if empty.is_dir() and not any(empty.iterdir()):
            empty.rmdir()
    log(f"{data.name}, {data.split}: {len(files)} copies removed from {folder}, {gigabytes(freed)}.")
    return freed


def _bytes_needed(frames: list[Frame]) -> int:
    """Return the bytes of copies of `frames`, from file headers; unreadable files are reported later."""
    needed = 0
    for frame in frames:
        try:
            size = image_size(frame.label or frame.image)
        except UserError:
            continue
        needed += Header(size, frame.label is not None, None).bytes
    return needed


def _bytes_present(frames: Iterable[Frame], folder: Path) -> int:
    files = (path_of(frame, folder) for frame in frames)
    return sum(file.stat().st_size for file in files if file.exists())


def _existing(folder: Path) -> Path:
    """Return the closest existing folder at or above `folder`."""
    return next(path for path in (folder.absolute(), *folder.absolute().parents) if path.is_dir())


def gigabytes(count: int) -> str:
    """Format a number of bytes."""
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.1f} MB"
