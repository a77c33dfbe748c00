"""What every call needs of the place where it is made, looked at before anything begins."""

import os
import resource
import sys

from mnv3.tools.errors import UserError

FEWEST_FILES = 64
"""Open at once: PyTorch, its data and one loader process take about fifty."""


def check() -> None:
    """Raises UserError with all that is missing: a folder to be in, somewhere to print to."""
    problems = []
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:  # closed: the next file to be opened would be taken for it, and printed into
            os.open(os.devnull, os.O_RDWR)
    if sys.stdout is None:
        problems.append("Standard output is closed: send it somewhere, to a file or to /dev/null.")
    if sys.stderr is None:
        sys.stderr = open(2, "w", closefd=False)  # noqa: SIM115  # for as long as the process
    try:
        os.getcwd()
    except FileNotFoundError:
        problems.append("The folder that this call is made in was removed: go to another one (cd) first.")
    if problems:
        raise UserError(*problems)


def allow_open_files() -> None:
    """Raise the limit of open files as far as it may be. Raises UserError if that is not enough."""
    now, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if now == resource.RLIM_INFINITY or now >= FEWEST_FILES:
        return
    if most == resource.RLIM_INFINITY or most >= FEWEST_FILES:
        resource.setrlimit(resource.RLIMIT_NOFILE, (FEWEST_FILES if most == resource.RLIM_INFINITY else most, most))
        return
    raise UserError(
        f"Only {now} files may be open at once here (ulimit -n), and {FEWEST_FILES} are needed: raise the limit, "
        "ulimit -n 1024, or have it raised (ulimit -Hn)."
    )
