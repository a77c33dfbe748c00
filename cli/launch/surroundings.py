"""Check the process's environment before anything else: standard streams, working folder, open files."""

import os
import resource
import sys

from mnv3.tools.errors import UserError

FEWEST_FILES = 64
"""Minimum limit of open files: PyTorch, its data and one loader process use about fifty."""


def check() -> None:
    """Raise UserError if standard output or the working folder is missing."""
    problems = []
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:  # closed: the next opened file would get its number, and be printed into
            os.open(os.devnull, os.O_RDWR)
    if sys.stdout is None:
        problems.append("Standard output is closed: redirect it to a file or to /dev/null.")
    if sys.stderr is None:
        sys.stderr = open(2, "w", closefd=False)  # noqa: SIM115  # stays open until the process ends
    try:
        os.getcwd()
    except FileNotFoundError:
        problems.append("The working folder was removed: change to another one (cd) first.")
    if problems:
        raise UserError(*problems)


def allow_open_files() -> None:
    """Raise the limit of open files as far as allowed. Raises UserError if that is not enough."""
    now, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if now == resource.RLIM_INFINITY or now >= FEWEST_FILES:
        return
    if most == resource.RLIM_INFINITY or most >= FEWEST_FILES:
        resource.setrlimit(resource.RLIMIT_NOFILE, (FEWEST_FILES if most == resource.RLIM_INFINITY else most, most))
        return
    raise UserError(
        f"At most {now} files may be open (ulimit -n), but {FEWEST_FILES} are needed: raise the limit with ulimit -n "
        "1024, or ask your administrator (ulimit -Hn)."
    )
