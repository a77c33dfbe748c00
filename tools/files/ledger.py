"""Which files of a folder a call of ours wrote: nothing else is ever written over."""

import json
import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from mnv3.tools.errors import UserError
from mnv3.tools.files.write import named_errors
from mnv3.tools.text.plain import listed

NAME = ".mnv3-files"
"""In the folder: a line of JSON a file, [path in the folder, bytes, time of change in ns], and one where a call begins
and ends to write: after a crash what is younger than its beginning is ours."""

OPEN, CLOSED = "open", "closed"
CLOCKS_NS = 2_000_000_000
"""By which a disk's clock may be behind."""


@contextmanager
def guarded(folder: Path | None, find: Callable[[], Iterable[Path]], key: str) -> Iterator[None]:
    """While a call writes into `folder`, which `key` names. Nothing of this for None, a folder of the call's own.

    `find` gives the files there, before and afterwards, that the call would write, or has written. Raises UserError,
    before anything is written, if one of them is not ours.
    """
    if folder is None:
        yield
        return
    _refuse_foreign(folder, find(), key)
    path, before = folder / NAME, folder.exists()
    with named_errors(path):
        folder.mkdir(parents=True, exist_ok=True)
        _append(path, [{OPEN: time.time_ns() - CLOCKS_NS}])
    try:
        yield
    finally:
        with suppress(OSError):  # of a full disk: what is open stays ours
            written = [[_name(file, folder), *_stamp(file)] for file in dict.fromkeys(find()) if file.is_file()]
            _append(path, [*written, {CLOSED: 0}])
            if not written and not before:
                path.unlink()
                folder.rmdir()


def matching(folder: Path, *patterns: str) -> list[Path]:
    """Files in `folder` that match one of `patterns`."""
    return sorted({path for pattern in patterns for path in folder.glob(pattern) if path.name != NAME})


def refuse_foreign_file(path: Path, key: str, is_ours: Callable[[bytes], bool]) -> None:
    """Raises UserError if there is a file at `path` whose content is not `is_ours`, so that it is not written over."""
    if path.is_file() and not is_ours(path.read_bytes()):
        raise UserError(
            f"{key}={path}: that file is there, and mnv3 did not make it. Nothing was written: give another name."
        )


def _refuse_foreign(folder: Path, paths: Iterable[Path], key: str) -> None:
    known, opened = _read(folder / NAME)
    foreign = [path for path in dict.fromkeys(paths) if _is_foreign(path, folder, known, opened)]
    if foreign:
        raise UserError(
            f"{key}={folder}: {listed(foreign)} would be written over, though mnv3 did not make that there, or it was "
            f"changed or copied since. Nothing was written: give {key} another folder, or move that away."
        )


def _is_foreign(path: Path, folder: Path, known: Mapping[str, Sequence[int]], opened: int | None) -> bool:
    if not os.path.lexists(path):
        return False
    if path.is_symlink() or not path.is_file():
        return True
    stamp = _stamp(path)
    return known.get(_name(path, folder)) != stamp and (opened is None or stamp[1] < opened)


def _append(path: Path, entries: Iterable[Any]) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.write("".join(f"{json.dumps(entry)}\n" for entry in entries))


def _name(path: Path, folder: Path) -> str:
    return path.relative_to(folder).as_posix()


def _stamp(path: Path) -> list[int]:
    found = path.stat()
    return [found.st_size, found.st_mtime_ns]


def _read(path: Path) -> tuple[dict[str, list[int]], int | None]:
    """What is known by name, and since when a call has been writing that never came to its end. Lines that are damaged,
    or half there after a crash, are of files that are not known."""
    known: dict[str, list[int]] = {}
    opened: int | None = None
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return known, opened
    for line in lines:
        try:
            entry = json.loads(line)
            if isinstance(entry, dict):
                opened = int(entry[OPEN]) if OPEN in entry else None
            else:
                name, size, changed = entry
                known[str(name)] = [int(size), int(changed)]
        except (ValueError, TypeError):
            continue
    return known, opened
