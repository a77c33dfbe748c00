"""Ctrl-C and SIGTERM: the first one ends what is being done, by KeyboardInterrupt; a second one ends at once."""

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
"""Signals so close to each other are one: `timeout` sends its own to the process, and again to all of its group."""

NAMES = {signal.SIGINT: "Ctrl-C", signal.SIGTERM: "SIGTERM"}

_listener: int | None = None  # the process that listens; those that it forks, as loaders, do not
_asked: int | None = None
_asked_at = 0.0
_ending = False
_broken = False


class Told(KeyboardInterrupt):
    """A stop of which the user has been told."""


def listen() -> None:
    """From now on this process can be stopped. Signals that its parent has it ignore, as nohup does, stay ignored."""
    global _listener
    _listener = os.getpid()
    for number in NAMES:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _hear)
    atexit.register(_ignore)  # the first to be registered is the last to be called
    theirs = sys.unraisablehook

    def tell(problem: Any) -> None:
        """What was raised in a destructor. A stop there comes to nothing: `check` finds it."""
        if _asked is None or problem.exc_type is not KeyboardInterrupt:
            theirs(problem)

    sys.unraisablehook = tell


def end() -> None:
    """Nothing is left to be done but to leave: now the first signal ends at once too."""
    global _ending
    _ending = True


def asked() -> int | None:
    """The signal that asked this process to stop, None if none did."""
    return _asked


def check() -> None:
    """Raises KeyboardInterrupt if this process was asked to stop."""
    if _asked is not None:
        raise KeyboardInterrupt


def exit_code() -> int:
    """That of a stopped call, as shells give it: 130 after Ctrl-C, 143 after SIGTERM."""
    return 128 + (_asked or signal.SIGINT)


def name() -> str:
    """Of what has stopped this process."""
    return NAMES[signal.Signals(_asked or signal.SIGINT)]


def group_is_broken() -> None:
    """A process of this one's group is gone: gloo aborts where the group, or Python, is put away."""
    global _broken
    _broken = True


def can_put_group_away() -> bool:
    """Whether no process of the group is known to be gone."""
    return not _broken


def leave(code: int) -> NoReturn:
    """End this process with `code`, without Python's own end if that would abort it."""
    if _broken:
        atexit._run_exitfuncs()
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError, ValueError):
                stream.flush()
        os._exit(code)
    sys.exit(code)


@contextmanager
def cancelling(pool: Executor) -> Iterator[None]:
    """A stop, or an error, is not kept waiting by the work that `pool` has not yet begun."""
    try:
        yield
    except BaseException:
        pool.shutdown(cancel_futures=True)
        raise


@contextmanager
def without_interrupts() -> Iterator[None]:
    """Ctrl-C waits until this is over; processes that are started in here never hear it, which is for their parent."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _hear(number: int, frame: FrameType | None) -> None:
    global _asked, _asked_at
    if os.getpid() != _listener:
        if number == signal.SIGTERM:  # Ctrl-C reaches all processes of a terminal: the listener ends the others
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
    """All is done: while Python puts itself away it would not hear us."""
    for number in NAMES:
        signal.signal(number, signal.SIG_IGN)


def _end_at_once(number: int) -> None:
    with suppress(OSError):  # nobody reads it
        os.write(2, b"\nmnv3: Ended at once.\n")
    os._exit(128 + number)
