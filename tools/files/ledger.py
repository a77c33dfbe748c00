"""Records which files of a folder mnv3 wrote, so that nothing else is overwritten."""

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
"""In the folder: one JSON line per file, [path in the folder, bytes, mtime in ns], and one each when a call begins and
ends writing; after a crash, files younger than the beginning count as written by mnv3."""

OPEN, CLOSED = "open", "closed"
CLOCKS_NS = 2_000_000_000
"""Allowance for a disk's clock that is slow."""


@contextmanager
def guarded(folder: Path | None, find: Callable[[], Iterable[Path]], key: str) -> Iterator[None]:
    """Record the files that a call writes into `folder`, given by `key`; do nothing for None, a folder of its own.

    `find` returns the existing files that the call would write or has written; it is called before and afterwards.
    Raises UserError, before anything is written, if mnv3 did not write one of them.
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
        with suppress(OSError):  # disk full: while open, the files still count as written by mnv3
            written = [[_name(file, folder), *_stamp(file)] for file in dict.fromkeys(find()) if file.is_file()]
            _append(path, [*written, {CLOSED: 0}])
            if not written and not before:
                path.unlink()
                folder.rmdir()


def matching(folder: Path, *patterns: str) -> list[Path]:
    """Return the files in `folder` that match one of `patterns`."""
    return sorted({path for pattern in patterns for path in folder.glob(pattern) if path.name != NAME})


def refuse_foreign_file(path: Path, key: str, is_ours: Callable[[bytes], bool]) -> None:
    """Raise UserError if there is a file at `path` whose content is not `is_ours`, so that it is not overwritten."""
    if path.is_file() and not is_ours(path.read_bytes()):
        raise UserError(
            f"{key}={path}: this file exists, and mnv3 did not make it, or it was edited since. Nothing was written: "
            "give another name."
        )


def _refuse_foreign(folder: Path, paths: Iterable[Path], key: str) -> None:
    known, opened = _read(folder / NAME)
    foreign = [path for path in dict.fromkeys(paths) if _is_foreign(path, folder, known, opened)]
    if foreign:
        raise UserError(
            f"{key}={folder}: {listed(foreign)} would be overwritten, but mnv3 did not make that, or it was "
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
    """Return the known files, and the start time of a call that never finished writing, if any. Damaged or incomplete
    lines are skipped: their files are unknown."""
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
