"""Contestants of a benchmark in processes of their own."""

import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from pathlib import Path
from time import perf_counter
from typing import Any, NamedTuple

from mnv3.tools.machine.allocator import keep_freed_memory

PATIENCE = 10
"""Seconds for a contestant, which may have loader processes of its own, to end by itself."""


class Contestant(NamedTuple):
    """`make(*arguments)` returns the function that is timed, and is called in a process of the contestant's own.

    `keep_freed`: with the allocator set as `mnv3 train` sets it (tools/machine/allocator.py), for the whole process.
    """

    make: Callable[..., Callable[[], object]]
    arguments: tuple[Any, ...]
    keep_freed: bool


def seconds_of(function: Callable[[], object], calls: int) -> list[float]:
    """Seconds of each of so many calls in a row."""
    seconds = []
    for _ in range(calls):
        start = perf_counter()
        function()
        seconds.append(perf_counter() - start)
    return seconds


class Apart:
    """A contestant in a process of its own, where a call times its function so often in a row.

    Raises:
        RuntimeError: the function failed there; with its traceback.
    """

    def __init__(self, process: SpawnProcess, pipe: Connection) -> None:
        self.process, self.pipe = process, pipe

    def __call__(self, calls: int) -> list[float]:
        answer = self._ask(calls)
        if isinstance(answer, str):
            raise RuntimeError(answer)
        return answer

    def peak_mib(self) -> float | None:
        """The most memory that the process has held so far."""
        return self._ask(None)

    def _ask(self, calls: int | None) -> Any:
        try:
            self.pipe.send(calls)
            return self.pipe.recv()
        except (EOFError, OSError):
            self.process.join()
            code = self.process.exitcode
            return f"its process ended with exit code {code}; if that is -9, memory may have run out"


@contextmanager
def apart(contestant: Contestant) -> Iterator[Apart]:
    """Start the contestant's process; it ends with the block."""
    context = get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=_serve, args=(there, contestant))
    process.start()
    there.close()
    try:
        yield Apart(process, here)
    finally:
        here.close()
        process.join(PATIENCE)
        process.terminate()
        process.join()


def _serve(pipe: Connection, contestant: Contestant) -> None:
    work = None
    while True:
        try:
            calls = pipe.recv()
        except (EOFError, OSError):
            return
        if calls is None:
            pipe.send(_peak_mib())
            continue
        try:
            if work is None:
                if contestant.keep_freed:
                    keep_freed_memory()
                work = contestant.make(*contestant.arguments)
            pipe.send(seconds_of(work, calls))
        except Exception:
            pipe.send(traceback.format_exc())


def _peak_mib() -> float | None:
    """Linux: of this program alone, where getrusage would begin with the peak of the process that started it."""
    if sys.platform == "linux":
        lines = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
        return int(lines["VmHWM"].split()[0]) / 1024
    if sys.platform == "darwin":
        import resource

        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    return None
