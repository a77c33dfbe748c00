"""Progress of long work on standard error: a bar on a terminal, otherwise a line now and then."""

import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

Item = TypeVar("Item")

FIRST_S, LONGEST_S = 5.0, 60.0


class Pace:
    """When the next line is due: FIRST_S seconds after the start, then after twice as long each time, up to
    LONGEST_S."""

    def __init__(self) -> None:
        self.wait, self.last = FIRST_S, time.monotonic()

    def due(self) -> bool:
        """Return whether a line should be printed now; if so, the wait for the next one begins."""
        if time.monotonic() - self.last < self.wait:
            return False
        self.wait = min(2 * self.wait, LONGEST_S)
        self.restart()
        return True

    def restart(self) -> None:
        """Begin the wait again, because another line has just been printed."""
        self.last = time.monotonic()


def roughly(seconds: float) -> str:
    """Format a duration that is only an estimate: 40 s, 14 min or 2.5 h."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = seconds / 60
    return f"{minutes:.0f} min" if minutes < 90 else f"{minutes / 60:.1f} h"


@contextmanager
def counting(what: str, total: int, unit: str, *, lines: bool = True) -> Iterator[Callable[[int], None]]:
    """Yield a function to call with how many of `total` are done. Without a terminal it prints such as
    "scoring: 40 of 87 images, about 12 s left"; nothing without `lines`."""
    if sys.stderr.isatty():
        with bar(what, total) as show:
            yield show
        return
    pace, start = Pace(), time.monotonic()

    def report(done: int) -> None:
        if lines and 0 < done < total and pace.due():
            left = (time.monotonic() - start) / done * (total - done)
            print(f"{what}: {done} of {total} {unit}, about {roughly(left)} left", file=sys.stderr, flush=True)

    yield report


def counted(
    items: Iterable[Item], what: str, unit: str, *, total: int | None = None, lines: bool = True
) -> Iterator[Item]:
    """Yield `items`, which have a length, and report how many are done, as `counting` does. `total`: what to count
    instead, such as images of batches, which are taken to be equally many in each."""
    sized: Any = items
    steps = len(sized)
    whole = steps if total is None else total
    with counting(what, whole, unit, lines=lines) as show:
        for number, item in enumerate(items, 1):
            yield item
            show(whole * number // steps)


@contextmanager
def bar(what: str, total: int) -> Iterator[Callable[[int], None]]:
    """Display a bar until the end; yield a function to call with how many are done."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = TextColumn(what), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("", total=total)
        yield lambda done: progress.update(task, completed=done)
