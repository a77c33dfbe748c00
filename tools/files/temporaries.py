"""Names of temporary files and folders, and removal of those that killed processes left."""

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
"""Age at which a temporary of another machine, whose processes are not visible here, is removed."""

LONGEST_SUFFIX = 16
"""Longer suffixes belong to no file format, and could make the temporary's name too long."""

_NAME = re.compile(r"\.?mnv3-(?:[a-z]+-)?(?P<machine>[0-9a-f]{8})-(?P<process>\d+)-\d+")
_OLD_NAME = re.compile(r"\..+\.(?P<process>\d+)\.(?:ckpt|frame|part)$")  # of version 0.1
_number = count()
_own: set[str] = set()  # names of temporaries that this process is writing
_tidied: set[Path] = set()


def mark(kind: str = "") -> str:
    """Return a name that no other process, here or on another machine, uses, and this one only once."""
    return f"mnv3-{f'{kind}-' if kind else ''}{_machine()}-{os.getpid()}-{next(_number)}"


def _machine() -> str:
    """Return eight digits for the scope of process numbers: a machine, or a container on it."""
    try:
        numbers = os.readlink("/proc/self/ns/pid")
    except OSError:
        numbers = ""
    return f"{zlib.crc32(f'{socket.gethostname()} {numbers}'.encode()):08x}"


@contextmanager
def beside(path: Path) -> Iterator[Path]:
    """Yield a hidden path beside `path`, with its suffix; whatever is there at the end is removed.
    The first call for a folder also removes what killed processes left there."""
    if path.parent not in _tidied:
        _tidied.add(path.parent)
        tidy(path.parent)
    suffix = path.suffix if len(path.suffix) <= LONGEST_SUFFIX else ""
    with _owned(path.with_name(f".{mark()}{suffix}")) as temporary:
        yield temporary


@contextmanager
def scratch_folder(kind: str) -> Iterator[Path]:
    """Yield a folder for temporary files, removed afterwards or, after a kill, by the next call of this kind.
    Raises UserError if there is no space for one."""
    try:
        place = Path(tempfile.gettempdir())
        tidy(place)
        folder = Path(tempfile.mkdtemp(prefix=f"{mark(kind)}-"))
    except OSError as error:
        raise UserError(
            f"No folder for temporary files can be made ({error.strerror}): set the environment variable TMPDIR to a "
            "folder with free space."
        ) from error
    with _owned(folder):
        yield folder


@contextmanager
def _owned(path: Path) -> Iterator[Path]:
    """Protect `path` from `tidy` in this process; whatever is there at the end is removed."""
    _own.add(path.name)
    try:
        yield path
    finally:
        _remove(path)
        _own.discard(path.name)


def tidy(folder: Path) -> None:
    """Remove the temporaries in `folder` whose process has ended."""
    try:
        found = [path for path in folder.iterdir() if path.name not in _own]
    except OSError:
        return  # it does not exist yet
    for path in found:
        if _is_left(path):
            _remove(path)


def _is_left(path: Path) -> bool:
    """Return whether `path` is a temporary that no process is writing."""
    name = _NAME.match(path.name) or _OLD_NAME.match(path.name)
    if name is None:
        return False
    process = int(name["process"])
    if name.groupdict().get("machine") == _machine():
        return process == os.getpid() or not is_alive(process)
    try:
        old = time.time() - path.lstat().st_mtime > FORGOTTEN_SECONDS
    except OSError:
        return False  # just removed by another process
    return old or (name.re is _OLD_NAME and not is_alive(process))


def is_alive(process: int) -> bool:
    """Return whether a process of this number runs on this machine."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:  # it exists, but belongs to another user
        return True
    return True


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
        return
    with suppress(OSError):  # the disk has just failed: the write reports it
        path.unlink(missing_ok=True)
