"""Folders that are generated once: whole or not there, the same bytes from any number of processes."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from mnv3.tools.errors import UserError
from mnv3.tools.files.temporaries import beside, tidy
from mnv3.tools.files.write import named_errors, write_json
from mnv3.tools.machine.parallel import map_tasks

VERSION = 1  # of the scenes' content: raised when the same seed draws another picture
STAMP = "streets.json"
SPLITS = ("train", "val")
FEWEST_A_PROCESS = 24  # scenes; fewer are drawn before a new process has started


def scene_seed(seed: int, split: str, index: int) -> int:
    """A scene's own seed; no two of (seed, split, index) share one."""
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


Draw = Callable[[Callable[[Path, int, tuple[int, int], tuple[str, int]], Any]], dict[str, list[Any]]]
"""Calls a function for every scene, with (folder, seed, image size, (split, index)); returns its answers by split."""


def ensure(
    format: str,
    write: Callable[[Path, tuple[int, int], Draw], None],
    root: Path,
    *,
    seed: int = 0,
    train: int = 1000,
    val: int = 200,
    image_size: tuple[int, int] = (360, 480),
    log: Callable[[str], None] = print,
    processes: int | None = None,
) -> Path:
    """Folder of a data set of street scenes under `root`, drawn on the first call (20 s for 1000 on two cores).

    `write(temporary folder, image_size, draw)` fills it. `image_size` is (height, width) in pixels. The same parameters
    give the same bytes, whatever the number of processes. Raises UserError for parameters that make no data set.
    """
    check_parameters(seed, train, val, image_size)
    height, width = image_size
    folder = Path(root) / "streets" / f"{format}-s{seed}-{train}x{val}-{height}x{width}-v{VERSION}"
    counts = {"train": train, "val": val}
    stamp = {"version": VERSION, "format": format, "seed": seed, **counts, "image_size": [height, width]}
    tasks = [(split, index) for split in SPLITS for index in range(counts[split])]

    def generate(target: Path) -> None:
        log(f"streets: drawing {train} + {val} pictures of {width}x{height} into {folder}")

        def draw(scene: Callable[..., Any]) -> dict[str, list[Any]]:
            work = partial(scene, target, seed, (height, width))
            results = map_tasks(work, tasks, processes, reporter(log, len(tasks)), FEWEST_A_PROCESS)
            return {
                split: [each for each, task in zip(results, tasks, strict=True) if task[0] == split] for split in SPLITS
            }

        write(target, (height, width), draw)

    return ensure_folder(folder, stamp, generate)


def ensure_folder(folder: Path, stamp: dict[str, Any], generate: Callable[[Path], None]) -> Path:
    """Return `folder`, made by `generate(temporary folder)` if it is not there yet.

    Raises UserError if something else is in the folder's place.
    """
    if folder.exists():
        if not _has_stamp(folder, stamp):
            raise UserError(
                f"{folder} is not a data set that this program wrote; move it away or choose another data.root"
            )
        return folder
    with named_errors(folder):
        folder.parent.mkdir(parents=True, exist_ok=True)
        tidy(folder.parent)
        with beside(folder) as temporary, _told_of(folder, temporary):
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
def _told_of(folder: Path, temporary: Path) -> Iterator[None]:
    """Mistakes are told of the folder that the user knows."""
    try:
        yield
    except UserError as error:
        raise UserError(*(line.replace(str(temporary), str(folder)) for line in error.problems)) from error


def _has_stamp(folder: Path, stamp: dict[str, Any]) -> bool:
    try:
        return json.loads((folder / STAMP).read_text()) == stamp
    except (OSError, ValueError):
        return False


def reporter(log: Callable[[str], None], total: int) -> Callable[[int], None]:
    """A `progress` for `map_tasks` that says something every quarter."""
    marks = {total * part // 4 for part in (1, 2, 3)}

    def report(done: int) -> None:
        if done in marks and total >= 200:
            log(f"streets: {done} of {total} pictures drawn")

    return report
