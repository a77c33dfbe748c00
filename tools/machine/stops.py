"""Ctrl-C and SIGTERM: the first raises KeyboardInterrupt, the second ends the process at once.

See also cli/launch/failures.py (exit codes), cli/launch/stop_messages.py (how to resume), tools/training/signals.py
(handlers around Lightning's).
"""

import atexit
import os
import signal
import sys
import time
from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any, NoReturn

TOGETHER_S = 0.5
"""Signals this close together count as one: `timeout` sends its signal to the process and again to its group."""

NAMES = {signal.SIGINT: "Ctrl-C", signal.SIGTERM: "SIGTERM"}

_listener: int | None = None  # the process that listens; forked ones, such as loaders, do not
_asked: int | None = None
_asked_at = 0.0
_ending = False
_broken = False


class ReportedStop(KeyboardInterrupt):
    """A stop that has already been reported to the user."""


def listen() -> None:
    """Handle stop signals from now on. Signals that the parent ignores, as with nohup, stay ignored."""
    global _listener
    _listener = os.getpid()
    for number in NAMES:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _hear)
    atexit.register(_ignore)  # registered first, so called last
    previous = sys.unraisablehook

    def report(problem: Any) -> None:
        """Skip a KeyboardInterrupt raised in a destructor, where it is lost: `check` raises it again."""
        if _asked is None or problem.exc_type is not KeyboardInterrupt:
            previous(problem)

    sys.unraisablehook = report


def end() -> None:
    """Only cleanup is left: from now on the first signal ends the process at once, too."""
    global _ending
    _ending = True


def asked() -> int | None:
    """Return the signal that asked this process to stop, None if none did."""
    return _asked


def check() -> None:
    """Raise KeyboardInterrupt if this process was asked to stop."""
    if _asked is not None:
        raise KeyboardInterrupt


def exit_code() -> int:
    """Return the exit code of a stopped process, as shells define it: 130 after Ctrl-C, 143 after SIGTERM."""
    return 128 + (_asked or signal.SIGINT)


def name() -> str:
    """Return the name of the signal that stopped this process."""
    return NAMES[signal.Signals(_asked or signal.SIGINT)]


def group_is_broken() -> None:
    """Record that a process of this one's group is gone: gloo then aborts when the group, or Python, shuts down."""
    global _broken
    _broken = True


def can_put_group_away() -> bool:
    """Return whether no process of the group is known to be gone."""
    return not _broken


def leave(code: int) -> NoReturn:
    """Exit with `code`, skipping Python's own shutdown if that would abort."""
    if _broken:
        atexit._run_exitfuncs()
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError, ValueError):
                stream.flush()
        os._exit(code)
    sys.exit(code)


@contextmanager
def cancelling(pool: Executor) -> Iterator[None]:
    """On a stop or an error, cancel the work that `pool` has not begun."""
    try:
        yield
    except BaseException:
        pool.shutdown(cancel_futures=True)
        raise


@contextmanager
def without_interrupts() -> Iterator[None]:
    """Delay Ctrl-C until the end; processes started inside never receive it: it is for their parent."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _hear(number: int, frame: FrameType | None) -> None:
    global _asked, _asked_at
    if os.getpid() != _listener:
        if number == signal.SIGTERM:  # Ctrl-C reaches all processes of a terminal, and the listener ends the others
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)
        return
    if _asked is not None and time.monotonic() - _asked_at < TOGETHER_S:
        return
    if _asked is not None or _ending:
        _end_at_once(number)
    _asked, _asked_at = number, time.monotonic()
    raise KeyboardInterrupt


def _ignore() -> None:
    """Ignore signals while Python shuts down, when handlers no longer run."""
    for number in NAMES:
        signal.signal(number, signal.SIG_IGN)


def _end_at_once(number: int) -> None:
    with suppress(OSError):  # nobody is reading
        os.write(2, b"\nmnv3: Ended at once.\n")
    os._exit(128 + number)
