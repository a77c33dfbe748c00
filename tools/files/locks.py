"""Folders that one process at a time may write: a lock that ends with its process, however it ends."""

import atexit
import contextlib
import errno
import fcntl
import os
import socket
from pathlib import Path
from typing import TextIO

from mnv3.tools.errors import UserError
from mnv3.tools.files.temporaries import is_alive
from mnv3.tools.files.write import named_errors

NAME = ".lock"
WITHOUT_LOCKS = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL)
"""Errors of file systems without locks, such as some network file systems."""

_held: dict[Path, TextIO] = {}


def hold(folder: Path, what: str) -> None:
    """Keep other processes from writing `folder` until this one ends; it may call this again.
    `what` describes the content for the message. Raises UserError, with the process number, if another holds it."""
    path = folder.resolve() / NAME
    if path in _held:
        return
    with named_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        while True:
            file = path.open("a+")
            if (holder := _holder(file)) is not None:
                file.close()
                raise UserError(
                    f"{folder}: {what} is being written by {holder}. Wait for it, or stop it, or choose another folder."
                )
            if _is_still(file, path):
                break
            file.close()  # its holder has just ended and removed it
        file.truncate(0)
        file.write(f"process {os.getpid()} on {socket.gethostname()}\n")
        file.flush()
    _held[path] = file


@atexit.register
def _release() -> None:
    """Remove the lock files at a normal exit."""
    for path, file in _held.items():
        with contextlib.suppress(OSError):
            path.unlink()  # while still held: a process that has just opened it will see that it is gone
        file.close()
    _held.clear()


def _holder(file: TextIO) -> str | None:
    """Return the holder of the lock, None if this process has it now.
    A POSIX lock: forked processes, such as loader workers, do not inherit it, and network file systems support it."""
    file.seek(0)
    noted = file.read().strip() or "a process that has just started"
    try:
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in (errno.EACCES, errno.EAGAIN):
            return noted
        if error.errno not in WITHOUT_LOCKS:
            raise
        return noted if _seems_alive(noted) else None
    return None


def _seems_alive(noted: str) -> bool:
    """Without locks: return whether the noted process is alive. Those of other machines count as ended, otherwise a
    requeued job could not resume."""
    words = noted.split()
    if len(words) != 4 or words[3] != socket.gethostname() or not words[1].isdigit():
        return False
    return int(words[1]) != os.getpid() and is_alive(int(words[1]))


def _is_still(file: TextIO, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except FileNotFoundError:
        return False
