"""Writes all files: whole or not at all, with errors that name the file and the remedy."""

import errno
import io
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mnv3.tools.errors import UserError
from mnv3.tools.files.temporaries import beside

REMEDIES = {
    errno.ENOSPC: "no space left on the disk; free some, or write to another",
    errno.EDQUOT: "your disk quota is used up; free some space, or write to another disk",
    errno.EFBIG: "it exceeds the largest file size allowed here (ulimit -f, or the file system's own limit)",
    errno.EROFS: "the disk is read-only; write to another",
    errno.EACCES: "you are not allowed to write there; choose another place, or have its permissions changed",
    errno.EPERM: "you are not allowed to write there; choose another place, or have its permissions changed",
    errno.ENAMETOOLONG: "the name is too long; choose a shorter one",
    errno.ENOTDIR: "there is a file where a folder is needed; move it away, or choose another place",
    errno.EEXIST: "there is a file where a folder is needed; move it away, or choose another place",
    errno.EISDIR: "there is a folder of that name; move it away, or choose another name",
    errno.ELOOP: "a link there leads back to itself; choose another place",
    errno.EMFILE: "too many files are open at once; raise the limit: ulimit -n 1024",
    errno.ENFILE: "too many files are open on this machine; close other programs",
    errno.EIO: "the disk has failed (input/output error); check it, or write to another",
    errno.ESTALE: "the network disk has lost the file; check its connection, or write to another disk",
}
"""Cause and remedy for each system error."""


@contextmanager
def named_errors(path: Path) -> Iterator[None]:
    """Turn system errors while writing `path` into a UserError that names it and the remedy."""
    try:
        yield
    except OSError as error:
        raise UserError(write_problem(error, path)) from error


def write_problem(error: OSError, path: Path) -> str:
    """Return a sentence on why `path` could not be written."""
    former = " The previous file is intact." if os.path.isfile(path) else ""
    why = REMEDIES.get(error.errno or 0, error.strerror or str(error) or type(error).__name__)
    return f"{path} cannot be written: {why}.{former}"


def make_folder(path: Path) -> Path:
    """Create the folder `path` and those above it if missing, and return it. Raises UserError if it cannot be made."""
    with named_errors(path):
        path.mkdir(parents=True, exist_ok=True)
    return path


def read_small_text(path: Path, largest: int) -> str:
    """Read a text file written by mnv3, of at most `largest` bytes.
    Raises UserError: unreadable, too large, or not UTF-8."""
    try:
        with path.open("rb") as file:
            content = file.read(largest + 1)
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror or error}.") from error
    if len(content) > largest:
        raise UserError(f"{path} cannot be read: it is larger than any such file of mnv3.")
    try:
        return content.decode()
    except UnicodeError as error:
        raise UserError(f"{path} cannot be read: it is damaged, or not a file of mnv3.") from error


@contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; on success it becomes `path`, on any failure it is removed.

    For writers that pass on the system's errors; image libraries go through `write_encoded`. Raises UserError, which
    names `path`, for any system error.
    """
    with named_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        with beside(path) as temporary:
            yield temporary
            os.replace(temporary, path)


def write_bytes(path: Path, content: bytes | memoryview) -> None:
    """Write `content` to `path` atomically."""
    with atomic_path(path) as temporary:
        temporary.write_bytes(content)


def write_text(path: Path, text: str) -> None:
    """Write `text` to `path` atomically."""
    with atomic_path(path) as temporary:
        temporary.write_text(text)


def write_json(path: Path, value: Any) -> None:
    """Write `value` to `path` as indented JSON, atomically."""
    write_text(path, json.dumps(value, indent=2) + "\n")


def write_encoded(path: Path, save: Callable[..., Any], **options: Any) -> None:
    """Write a picture to `path` atomically: `save(file, format=..., **options)` is Pillow's or matplotlib's.
    Encodes in memory first: with a full disk these libraries raise errors of their own, or none."""
    content, suffix = io.BytesIO(), path.suffix.lower().removeprefix(".")
    save(content, format={"jpg": "jpeg"}.get(suffix, suffix), **options)
    write_bytes(path, content.getbuffer())
