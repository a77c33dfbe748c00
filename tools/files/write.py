"""The one writer of files: whole or not there, and a sentence that names the file when it cannot be written."""

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
    errno.ENOSPC: "no space is left on the disk; free some, or write to another",
    errno.EDQUOT: "your share of the disk is used up; free some, or write to another disk",
    errno.EFBIG: "it is larger than a file may be here (ulimit -f, or the file system's own limit)",
    errno.EROFS: "the disk can only be read; write to another",
    errno.EACCES: "you are not allowed to write there; choose another place, or have its permissions changed",
    errno.EPERM: "you are not allowed to write there; choose another place, or have its permissions changed",
    errno.ENAMETOOLONG: "the name is too long; choose a shorter one",
    errno.ENOTDIR: "a file is in the place of a folder; move it away, or choose another place",
    errno.EEXIST: "a file is in the place of a folder; move it away, or choose another place",
    errno.EISDIR: "a folder is in the place of the file; move it away, or choose another name",
    errno.ELOOP: "a link there leads back to itself; choose another place",
    errno.EMFILE: "too many files are open at once; raise the limit: ulimit -n 1024",
    errno.ENFILE: "too many files are open on this machine; close other programs",
    errno.EIO: "the disk does not answer as it should (input/output error); look at it, or write to another",
    errno.ESTALE: "the network disk has lost the file; look at its connection, or write to another disk",
}
"""What each of the system's errors means to the user, and what helps."""


@contextmanager
def named_errors(path: Path) -> Iterator[None]:
    """What is done in here writes `path`: an error of the system becomes a UserError that names it and the remedy."""
    try:
        yield
    except OSError as error:
        raise UserError(write_problem(error, path)) from error


def write_problem(error: OSError, path: Path) -> str:
    """A sentence on why `path` could not be written."""
    former = " The former file is whole." if os.path.isfile(path) else ""
    why = REMEDIES.get(error.errno or 0, error.strerror or str(error) or type(error).__name__)
    return f"{path} cannot be written: {why}.{former}"


def make_folder(path: Path) -> Path:
    """`path`, with all folders above it, made if it is not there. Raises UserError if it cannot be."""
    with named_errors(path):
        path.mkdir(parents=True, exist_ok=True)
    return path


def read_small_text(path: Path, largest: int) -> str:
    """The text of a file that has at most `largest` bytes if it is one of ours.

    Raises:
        UserError: it cannot be read, is larger, or no text in UTF-8.
    """
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

    For writers that tell the system's errors; what an image library writes goes through `write_encoded`. Raises
    UserError, which names `path`, for whatever the system refuses.
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

    In memory first: with a full disk these libraries tell an error of their own, or none.
    """
    content, suffix = io.BytesIO(), path.suffix.lower().removeprefix(".")
    save(content, format={"jpg": "jpeg"}.get(suffix, suffix), **options)
    write_bytes(path, content.getbuffer())
