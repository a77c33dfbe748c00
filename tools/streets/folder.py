"""Generates folders once, whole or not at all, with the same bytes from any number of processes."""

import json
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import current_process, get_context, parent_process
from pathlib import Path
from threading import Thread
from typing import Any, TypeVar

import numpy as np

from mnv3.tools.errors import UserError
from mnv3.tools.files.temporaries import beside, tidy
from mnv3.tools.files.write import named_errors, write_json
from mnv3.tools.machine.stops import cancelling, without_interrupts

Task = TypeVar("Task")
Result = TypeVar("Result")

VERSION = 1  # of the scenes' content: raised when a seed draws a different picture
STAMP = "streets.json"
SPLITS = ("train", "val")
FEWEST_A_PROCESS = 24  # scenes; fewer are drawn before a new process would start


def scene_seed(seed: int, split: str, index: int) -> int:
    """Return a scene's own seed; no two of (seed, split, index) share one."""
    low, high = np.random.SeedSequence((seed, SPLITS.index(split), index)).generate_state(2)
    return int(low) | int(high) << 32


def check_parameters(seed: int, train: int, val: int, image_size: tuple[int, int]) -> None:
    """Raise UserError with everything that is wrong with a data set's parameters."""
    problems = [f"streets: {name} is {value}; it must be 0 or more" for name, value in (("seed", seed),) if value < 0]
    for name, value in (("train", train), ("val", val)):
        if not 1 <= value <= 999_999:
            problems.append(f"streets: {name} is {value} pictures; it must be between 1 and 999999")
    for name, value in zip(("height", "width"), image_size, strict=True):
        if not 64 <= value <= 4096:
            problems.append(f"streets: {name} is {value} pixels; it must be between 64 and 4096")
    if problems:
        raise UserError(*problems)


def ensure_scenes(
    root: Path,
    kind: str,
    seed: int,
    counts: tuple[int, int],
    image_size: tuple[int, int],
    log: Callable[[str], None],
    draw: Callable[[Path, list[tuple[str, int]]], None],
) -> Path:
    """Return the folder of a data set of format `kind`, made by `draw(temporary folder, (split, index) of each scene)`.

    `counts`: scenes for training and validation. Raises UserError for invalid parameters.
    """
    check_parameters(seed, *counts, image_size)
    (train, val), (height, width) = counts, image_size
    folder = Path(root) / "streets" / f"{kind}-s{seed}-{train}x{val}-{height}x{width}-v{VERSION}"
    size = [height, width]
    stamp = {"version": VERSION, "format": kind, "seed": seed, "train": train, "val": val, "image_size": size}

    def generate(target: Path) -> None:
        log(f"streets: drawing {train} + {val} pictures of {width}x{height} into {folder}")
        draw(target, [(split, index) for split, n in zip(SPLITS, counts, strict=True) for index in range(n)])

    return ensure_folder(folder, stamp, generate)


def ensure_folder(folder: Path, stamp: dict[str, Any], generate: Callable[[Path], None]) -> Path:
    """Return `folder`, made by `generate(temporary folder)` if missing. Raises UserError if there is something else."""
    if folder.exists():
        if not _has_stamp(folder, stamp):
            raise UserError(
                f"{folder} is not a data set that this program wrote; move it away or choose another data.root"
            )
        return folder
    with named_errors(folder):
        folder.parent.mkdir(parents=True, exist_ok=True)
        tidy(folder.parent)
        with beside(folder) as temporary, _errors_renamed(temporary, folder):
            temporary.mkdir()
            generate(temporary)
            write_json(temporary / STAMP, stamp)
            try:
                temporary.rename(folder)
            except OSError:  # another process was faster
                if not _has_stamp(folder, stamp):
                    raise
    return folder


@contextmanager
def _errors_renamed(temporary: Path, folder: Path) -> Iterator[None]:
    """Report mistakes with the name of the folder that the user knows."""
    try:
        yield
    except UserError as error:
        raise UserError(*(line.replace(str(temporary), str(folder)) for line in error.problems)) from error


def _has_stamp(folder: Path, stamp: dict[str, Any]) -> bool:
    try:
        return json.loads((folder / STAMP).read_text()) == stamp
    except (OSError, ValueError):
        return False


def map_tasks(
    work: Callable[[Task], Result], tasks: Sequence[Task], processes: int | None, progress: Callable[[int], None]
) -> list[Result]:
    """Return `[work(task) for task in tasks]` over `processes` (default: one per core).
    `progress` is called with the number of finished ones. Falls back to this process if no others can be started."""
    if processes is None:
        processes = min(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1, 32)
    processes = max(1, min(processes, len(tasks) // FEWEST_A_PROCESS))
    if processes > 1 and not current_process().daemon:
        try:
            with ProcessPoolExecutor(processes, get_context("spawn"), _leave_with_parent) as pool, cancelling(pool):
                chunk = max(1, min(16, len(tasks) // (4 * processes)))
                with without_interrupts():  # while processes start, because they inherit it
                    results = pool.map(work, tasks, chunksize=chunk)
                return _collect(results, progress)
        except BrokenProcessPool:
            pass  # a script without a main guard, or a machine that forbids processes
    return _collect(map(work, tasks), progress)


def _leave_with_parent() -> None:
    """End a drawing process when the process that waits for it ends, even if killed."""

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


def reporter(log: Callable[[str], None], total: int) -> Callable[[int], None]:
    """Return a `progress` for `map_tasks` that logs every quarter."""
    marks = {total * part // 4 for part in (1, 2, 3)}

    def report(done: int) -> None:
        if done in marks and total >= 200:
            log(f"streets: {done} of {total} pictures drawn")

    return report
