"""Work spread over processes, in the order of its tasks."""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import current_process, get_context, parent_process
from threading import Thread
from typing import TypeVar

from mnv3.tools.machine.stops import cancelling, without_interrupts

Task = TypeVar("Task")
Result = TypeVar("Result")


def map_tasks(
    work: Callable[[Task], Result],
    tasks: Sequence[Task],
    processes: int | None,
    progress: Callable[[int], None],
    fewest: int,
) -> list[Result]:
    """Return `[work(task) for task in tasks]`, by `processes` (default: one a core) of at least `fewest` tasks each.
    `progress` is called with the number of tasks done. Without other processes, where none can be started."""
    if processes is None:
        processes = min(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1, 32)
    processes = max(1, min(processes, len(tasks) // fewest))
    if processes > 1 and not current_process().daemon:
        try:
            with ProcessPoolExecutor(processes, get_context("spawn"), _leave_with_parent) as pool, cancelling(pool):
                chunk = max(1, min(16, len(tasks) // (4 * processes)))
                with without_interrupts():  # while processes start: they inherit it
                    results = pool.map(work, tasks, chunksize=chunk)
                return _collect(results, progress)
        except BrokenProcessPool:
            pass  # a script without a main guard, or a machine that forbids it
    return _collect(map(work, tasks), progress)


def _leave_with_parent() -> None:
    """End this process when the one that waits for it ends, even if that one is killed."""

    def wait() -> None:
        parent = parent_process()
        assert parent is not None
        parent.join()
        os._exit(1)

    Thread(target=wait, daemon=True).start()


def _collect(results: Iterator[Result], progress: Callable[[int], None]) -> list[Result]:
    collected = []
    for result in results:
        collected.append(result)
        progress(len(collected))
    return collected
