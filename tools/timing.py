"""Times of rival functions on a machine that may have other work to do."""

import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from multiprocessing import get_context
from multiprocessing.connection import Connection
from statistics import median
from time import perf_counter, sleep
from typing import Any, NamedTuple

from tools.allocator import keep_freed_memory

REST = 0.05
"""Seconds before each call: OpenMP's threads of the process before it still spin for a while after their work."""


class Contestant(NamedTuple):
    """`make(*arguments)` returns the function that is timed, and is called in a process of the contestant's own.

    `keep_freed`: with the allocator set as `mnv3 train` sets it (tools/allocator.py), a matter of the whole process.
    """

    make: Callable[..., Callable[[], object]]
    arguments: tuple[Any, ...]
    keep_freed: bool


class Comparison(NamedTuple):
    """Contestants to time in turn.

    `ours` is the name of the one whose ratio to each of the others matters; `rounds_factor`: how many rounds where a
    slow comparison has one.
    """

    title: str
    ours: str
    contestants: dict[str, Contestant]
    rounds_factor: int = 1


class Timing(NamedTuple):
    """Seconds of one contestant, round by round."""

    seconds: tuple[float, ...]

    @property
    def median(self) -> float:
        return median(self.seconds)

    def times_faster_than(self, other: "Timing") -> float:
        """Median over the rounds of the other's time by ours: load that comes and goes slows both sides of a round."""
        return median(theirs / ours for ours, theirs in zip(self.seconds, other.seconds, strict=True))


def compare(comparison: Comparison, rounds: int) -> dict[str, Timing]:
    """Time the contestants of `comparison`, each in its own process, `rounds` times its factor."""
    with ExitStack() as stack:
        calls = {name: stack.enter_context(apart(item)) for name, item in comparison.contestants.items()}
        return interleave(calls, rounds * comparison.rounds_factor, warm_up=2)


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


@contextmanager
def apart(contestant: Contestant) -> Iterator[Callable[[], None]]:
    """The contestant in a process of its own: a call here runs its function there once, and waits for its end.

    Raises:
        RuntimeError: the function failed there; with its traceback.
    """
    context = get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=_serve, args=(there, contestant), daemon=True)
    process.start()
    there.close()

    def call() -> None:
        try:
            here.send(None)
            failure = here.recv()
        except (EOFError, OSError):
            process.join()
            failure = f"its process ended with exit code {process.exitcode}; if that is -9, memory may have run out"
        if failure:
            raise RuntimeError(failure)

    try:
        yield call
    finally:
        here.close()
        process.terminate()
        process.join()


def _serve(pipe: Connection, contestant: Contestant) -> None:
    work = None
    while True:
        try:
            pipe.recv()
        except EOFError:
            return
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
