"""Watches the processes of a training: if one is killed, the main process reports which, and what to do."""

import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from lightning.pytorch.strategies.launchers import subprocess_script

from mnv3.tools.errors import Failure
from mnv3.tools.machine import stops

log = logging.getLogger("mnv3")

PERIOD_S = 0.2
PATIENCE_S = 10
"""Time for this process to notice another one's end by itself, through a broken connection."""


class Watch(threading.Thread):
    """Watches the processes that this one started; Lightning's own watch would kill this one silently."""

    def __init__(self, children: Sequence[subprocess.Popen]) -> None:
        super().__init__(daemon=True, name="watch of the other processes")
        self.children = children
        self.noticed = threading.Event()

    def run(self) -> None:
        """Wait until all have ended well, or one has failed."""
        while any(child.poll() != 0 for child in self.children):
            if self.lost() is not None and not stops.asked():
                if not self.noticed.wait(PATIENCE_S) and not stops.asked():
                    self._end()
                return
            time.sleep(PERIOD_S)

    def lost(self) -> str | None:
        """Return a sentence on a process that has failed, if any."""
        for rank, child in enumerate(self.children, start=1):
            if code := child.poll():
                return _sentence(rank, len(self.children) + 1, child.pid, code)
        return None

    def _end(self) -> None:
        log.error("%s", self.lost())
        for child in self.children:
            child.kill()
        logging.shutdown()
        sys.stdout.flush()
        os._exit(1)


def _sentence(rank: int, world: int, process: int, code: int) -> str:
    who = f"Process {rank} of this training's {world}, counted from 0 (number {process})"
    if code > 0:
        return f"{who}, ended with exit code {code}; its output is above."
    how = "as the system does when memory runs out" if -code == signal.SIGKILL else "from outside this program"
    return (
        f"{who}, was killed by {signal.Signals(-code).name}, {how}, so the others ended too. If it was memory: fewer "
        "data.workers, or fewer trainer.devices on this machine."
    )


@contextmanager
def watched() -> Iterator[None]:
    """Watch the processes that a trainer starts in this context.
    Raises Failure, instead of errors from the broken connection, if one of them has ended early."""
    watches: list[Watch] = []

    def watch(children: Sequence[subprocess.Popen]) -> None:
        watches.append(Watch(children))
        watches[0].start()

    launchers: Any = subprocess_script
    theirs, launchers._launch_process_observer = launchers._launch_process_observer, watch
    try:
        yield
    except RuntimeError as error:
        if watches and not stops.asked() and (sentence := _wait_for_loss(watches[0])):
            stops.group_is_broken()
            raise Failure(sentence) from error
        raise
    finally:
        launchers._launch_process_observer = theirs
        for each in watches:
            each.noticed.set()


def _wait_for_loss(watch: Watch) -> str | None:
    """Wait for a failed process: its connections close slightly before it ends."""
    deadline = time.monotonic() + PATIENCE_S / 2
    while (sentence := watch.lost()) is None and time.monotonic() < deadline:
        time.sleep(PERIOD_S)
    return sentence
