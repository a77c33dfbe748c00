"""Names of what is only there while it is being written, and the removal of what killed processes left of it."""

import os
import re
import shutil
import socket
import tempfile
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path

from mnv3.tools.errors import UserError

FORGOTTEN_SECONDS = 24 * 3600
"""A temporary of another machine, whose processes cannot be seen from here, is left alone for so long."""

LONGEST_SUFFIX = 16
"""A longer one is no file format's, and would make the temporary's name too long where the file's own is not."""

_NAME = re.compile(r"\.?mnv3-(?:[a-z]+-)?(?P<machine>[0-9a-f]{8})-(?P<process>\d+)-\d+")
_OLD_NAME = re.compile(r"\..+\.(?P<process>\d+)\.(?:ckpt|frame|part)$")  # as version 0.1 gave them
_number = count()
_own: set[str] = set()  # names of temporaries that this process is writing
_tidied: set[Path] = set()


def mark(kind: str = "") -> str:
    """A name that no other process, here or on another machine, gives, and this one only once."""
    return f"mnv3-{f'{kind}-' if kind else ''}{_machine()}-{os.getpid()}-{next(_number)}"


def _machine() -> str:
    """Where process numbers mean the same: a machine, or a container on it, in eight digits."""
    try:
        numbers = os.readlink("/proc/self/ns/pid")
    except OSError:
        numbers = ""
    return f"{zlib.crc32(f'{socket.gethostname()} {numbers}'.encode()):08x}"


@contextmanager
def beside(path: Path) -> Iterator[Path]:
    """A hidden path beside `path`, with its suffix; what is there at the end is removed.

    The first time in a folder, what killed processes left there is removed too.
    """
    if path.parent not in _tidied:
        _tidied.add(path.parent)
        tidy(path.parent)
    suffix = path.suffix if len(path.suffix) <= LONGEST_SUFFIX else ""
    with _while_it_is_ours(path.with_name(f".{mark()}{suffix}")) as temporary:
        yield temporary


@contextmanager
def scratch_folder(kind: str) -> Iterator[Path]:
    """A folder for temporary files that is gone afterwards, or, after a kill, at the next call of this kind.

    Raises UserError if there is no room for one.
    """
    try:
        place = Path(tempfile.gettempdir())
        tidy(place)
        folder = Path(tempfile.mkdtemp(prefix=f"{mark(kind)}-"))
    except OSError as error:
        raise UserError(
            f"No folder for temporary files can be made ({error.strerror}): let the environment variable TMPDIR name "
            "a folder in which there is room."
        ) from error
    with _while_it_is_ours(folder):
        yield folder


@contextmanager
def _while_it_is_ours(path: Path) -> Iterator[Path]:
    """Other calls of this process leave it alone; what is there at the end is removed."""
    _own.add(path.name)
    try:
        yield path
    finally:
        _remove(path)
        _own.discard(path.name)


def tidy(folder: Path) -> None:
    """Remove the temporaries in `folder` whose process is no longer there."""
    try:
        found = [path for path in folder.iterdir() if path.name not in _own]
    except OSError:
        return  # it is not there yet
    for path in found:
        if _is_left(path):
            _remove(path)


def _is_left(path: Path) -> bool:
    """Whether it is a temporary that nobody writes any more."""
    name = _NAME.match(path.name) or _OLD_NAME.match(path.name)
    if name is None:
        return False
    process = int(name["process"])
    if name.groupdict().get("machine") == _machine():
        return process == os.getpid() or not is_alive(process)
    try:
        old = time.time() - path.lstat().st_mtime > FORGOTTEN_SECONDS
    except OSError:
        return False  # it has just gone
    return old or (name.re is _OLD_NAME and not is_alive(process))


def is_alive(process: int) -> bool:
    """Whether there is a process of this number on this machine."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:  # it is there, and another user's
        return True
    return True


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
        return
    with suppress(OSError):  # of a disk that has just failed: the writing tells of it
        path.unlink(missing_ok=True)
