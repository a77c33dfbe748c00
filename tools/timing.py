"""Times of rival functions on a machine that may have other work to do."""

import math
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from pathlib import Path
from statistics import median
from time import perf_counter, sleep
from typing import Any, NamedTuple

from tools.allocator import keep_freed_memory

REST = 0.05
"""Seconds before each call: OpenMP's threads of the process before it still spin for a while after their work."""

PATIENCE = 10
"""Seconds for a contestant, which may have loader processes of its own, to end by itself."""


class Contestant(NamedTuple):
    """`make(*arguments)` returns the function that is timed, and is called in a process of the contestant's own.

    `keep_freed`: with the allocator set as `mnv3 train` sets it (tools/allocator.py), a matter of the whole process.
    """

    make: Callable[..., Callable[[], object]]
    arguments: tuple[Any, ...]
    keep_freed: bool


class Comparison(NamedTuple):
    """Contestants to time in turn.

    `ours` is the name of the one whose ratio to each of the others matters. `rounds_factor`: how many rounds where a
    slow comparison has one; `warm_up`: rounds before them that are not timed. `images`: worked on by a call, where
    they are worth counting. `threads`: which of several numbers of threads this is for. `notes`: who is missing.
    """

    title: str
    ours: str
    contestants: dict[str, Contestant]
    rounds_factor: int = 1
    warm_up: int = 2
    images: int | None = None
    threads: int | None = None
    notes: tuple[str, ...] = ()


class Timing(NamedTuple):
    """Seconds of one contestant, round by round; `peak_mib`: the most memory that its process has held, libraries
    included, where the system tells."""

    seconds: tuple[float, ...]
    peak_mib: float | None = None

    @property
    def median(self) -> float:
        return median(self.seconds)

    @property
    def p90(self) -> float:
        """The time that nine rounds of ten stay within."""
        return sorted(self.seconds)[math.ceil(0.9 * len(self.seconds)) - 1]

    def times_faster_than(self, other: "Timing") -> float:
        """Median over the rounds of the other's time by ours: load that comes and goes slows both sides of a round."""
        return median(theirs / ours for ours, theirs in zip(self.seconds, other.seconds, strict=True))


def compare(comparison: Comparison, rounds: int) -> dict[str, Timing]:
    """Time the contestants of `comparison`, each in its own process, `rounds` times its factor."""
    with ExitStack() as stack:
        calls = {name: stack.enter_context(apart(item)) for name, item in comparison.contestants.items()}
        times = interleave(calls, rounds * comparison.rounds_factor, warm_up=comparison.warm_up)
        return {name: timing._replace(peak_mib=calls[name].peak_mib()) for name, timing in times.items()}


def interleave(contestants: Mapping[str, Callable[[], object]], rounds: int, *, warm_up: int = 1) -> dict[str, Timing]:
    """Time every contestant once a round, one after the other, for `rounds` rounds behind `warm_up` untimed ones."""
    seconds: dict[str, list[float]] = {name: [] for name in contestants}
    for number in range(warm_up + rounds):
        for name, contestant in contestants.items():
            sleep(REST)
            start = perf_counter()
            contestant()
            if number >= warm_up:
                seconds[name].append(perf_counter() - start)
    return {name: Timing(tuple(values)) for name, values in seconds.items()}


class Apart:
    """A contestant in a process of its own: a call runs its function there once, and waits for its end.

    Raises:
        RuntimeError: the function failed there; with its traceback.
    """

    def __init__(self, process: SpawnProcess, pipe: Connection) -> None:
        self.process, self.pipe = process, pipe

    def __call__(self) -> None:
        if failure := self._ask("work"):
            raise RuntimeError(failure)

    def peak_mib(self) -> float | None:
        """The most memory that the process has held so far."""
        return self._ask("memory")

    def _ask(self, what: str) -> Any:
        try:
            self.pipe.send(what)
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
            asked = pipe.recv()
        except (EOFError, OSError):
            return
        if asked == "memory":
            pipe.send(_peak_mib())
            continue
        try:
            if work is None:
                if contestant.keep_freed:
                    keep_freed_memory()
                work = contestant.make(*contestant.arguments)
            work()
        except Exception:
            pipe.send(traceback.format_exc())
        else:
            pipe.send(None)


def _peak_mib() -> float | None:
    """Linux: of this program alone, where getrusage would begin with the peak of the process that started it."""
    if sys.platform == "linux":
        lines = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
        return int(lines["VmHWM"].split()[0]) / 1024
    if sys.platform == "darwin":
        import resource

        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    return None
