"""Which files of a folder a call of ours wrote: nothing else is ever written over."""

import json
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tools.errors import UserError
from tools.files import named_errors

NAME = ".mnv3-files"
"""In the folder: a line of JSON a file, [path in the folder, bytes, time of change in ns]."""

NAMED = 3
"""Files that a sentence names; it counts them all."""


class Ledger:
    """The files that were written into `folder`; one that has changed since is no longer ours.

    `shared`: whether there may be others in it; in a folder that a call made for itself nothing is noted.
    """

    def __init__(self, folder: Path, *, shared: bool) -> None:
        self.folder, self.shared, self._path = folder, shared, folder / NAME
        self._known = _read(self._path)

    def refuse_foreign(self, paths: Iterable[Path], key: str) -> None:
        """Raises UserError, naming `key`, if one of `paths` exists and is not ours."""
        foreign = [path for path in dict.fromkeys(paths) if self._is_foreign(path)]
        if foreign:
            more = f" and {len(foreign) - NAMED} more" if len(foreign) > NAMED else ""
            names = ", ".join(map(str, foreign[:NAMED])) + more
            raise UserError(
                f"{key}={self.folder}: {names} would be written over, though mnv3 did not make that, or it was changed "
                f"since. Nothing was written: give {key} another folder."
            )

    def note(self, path: Path) -> None:
        """Remember that `path`, which is in the folder, has just been written."""
        if not self.shared:
            return
        line = json.dumps([_name(path, self.folder), *_stamp(path)])
        with named_errors(self._path), self._path.open("a", encoding="utf-8") as file:
            file.write(line + "\n")

    def _is_foreign(self, path: Path) -> bool:
        if not os.path.lexists(path):
            return False
        return path.is_symlink() or not path.is_file() or self._known.get(_name(path, self.folder)) != _stamp(path)


@contextmanager
def guarded(folder: Path | None, patterns: Sequence[str], key: str) -> Iterator[None]:
    """While files that match `patterns` are written into `folder`, which `key` names: those there that are not ours are
    refused first, those there afterwards are. Nothing of that for None, a folder of the call's own."""
    if folder is None:
        yield
        return
    ledger = Ledger(folder, shared=True)
    ledger.refuse_foreign(_matching(folder, patterns), key)
    yield
    for path in _matching(folder, patterns):
        ledger.note(path)


def refuse_foreign_file(path: Path, key: str, is_ours: Callable[[bytes], bool]) -> None:
    """Raises UserError if there is a file at `path` whose content is not `is_ours`, so that it is not written over."""
    if path.is_file() and not is_ours(path.read_bytes()):
        raise UserError(
            f"{key}={path}: that file is there, and mnv3 did not make it. Nothing was written: give another name."
        )


def _matching(folder: Path, patterns: Sequence[str]) -> list[Path]:
    return sorted({path for pattern in patterns for path in folder.glob(pattern) if path.is_file()})


def _name(path: Path, folder: Path) -> str:
    return path.relative_to(folder).as_posix()


def _stamp(path: Path) -> list[int]:
    found = path.stat()
    return [found.st_size, found.st_mtime_ns]


def _read(path: Path) -> dict[str, list[int]]:
    """By name; lines that are damaged, or half there after a crash, are of files that are not known."""
    known: dict[str, list[int]] = {}
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return known
    for line in lines:
        try:
            name, size, time = json.loads(line)
            known[str(name)] = [int(size), int(time)]
        except (ValueError, TypeError):
            continue
    return known
