"""Times of rival functions on a machine that may have other work to do."""

import math
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from statistics import median
from time import sleep
from typing import NamedTuple

from mnv3.tools.bench.contestant import Contestant, apart

REST = 0.05
"""Seconds before each turn: OpenMP's threads of the process before it still spin for a while after their work."""


class Comparison(NamedTuple):
    """Contestants to time in turn.

    `ours` is the name of the one whose ratio to each of the others matters. `rounds_factor`: how many rounds where a
    slow comparison has one; `in_a_row`: calls that follow the first one of every turn at once, where that takes short;
    `warm_up`: rounds before them that are not timed. `images`: worked on by a call, where they are worth counting.
    `threads`: which of several numbers of threads this is for. `notes`: who is missing.
    """

    title: str
    ours: str
    contestants: dict[str, Contestant]
    rounds_factor: int = 1
    in_a_row: int = 0
    warm_up: int = 2
    images: int | None = None
    threads: int | None = None
    notes: tuple[str, ...] = ()


class Timing(NamedTuple):
    """Seconds of one contestant's calls, round by round.

    `rested`: of the first call of every round, after a rest, where more followed, which then alone are the `seconds`.
    `peak_mib`: the most memory that its process has held, libraries included, where the system tells.
    """

    seconds: tuple[float, ...]
    rested: tuple[float, ...] = ()
    peak_mib: float | None = None

    @property
    def median(self) -> float:
        return median(self.seconds)

    @property
    def p90(self) -> float:
        """The time that nine calls of ten stay within."""
        return sorted(self.seconds)[math.ceil(0.9 * len(self.seconds)) - 1]

    def times_faster_than(self, other: "Timing") -> float:
        """Median over the rounds of the other's time by ours: load that comes and goes slows both sides of a round."""
        return median(theirs / ours for ours, theirs in zip(self.seconds, other.seconds, strict=True))


def compare(comparison: Comparison, rounds: int) -> dict[str, Timing]:
    """Time the contestants of `comparison`, each in its own process, `rounds` times its factor."""
    with ExitStack() as stack:
        calls = {name: stack.enter_context(apart(item)) for name, item in comparison.contestants.items()}
        rounds *= comparison.rounds_factor
        times = interleave(calls, rounds, in_a_row=comparison.in_a_row, warm_up=comparison.warm_up)
        return {name: timing._replace(peak_mib=calls[name].peak_mib()) for name, timing in times.items()}


def interleave(
    contestants: Mapping[str, Callable[[int], Sequence[float]]], rounds: int, *, in_a_row: int = 0, warm_up: int = 1
) -> dict[str, Timing]:
    """Give every contestant a turn a round, one after the other, for `rounds` rounds behind `warm_up` untimed ones.

    A contestant is asked for the seconds of so many calls in a row: one after a rest, and `in_a_row` more.
    """
    seconds: dict[str, list[float]] = {name: [] for name in contestants}
    rested: dict[str, list[float]] = {name: [] for name in contestants}
    for number in range(warm_up + rounds):
        for name, contestant in contestants.items():
            sleep(REST)
            first, *others = contestant(1 + in_a_row)
            if number >= warm_up:
                seconds[name] += others or [first]
                rested[name] += [first] if others else []
    return {name: Timing(tuple(values), tuple(rested[name])) for name, values in seconds.items()}
