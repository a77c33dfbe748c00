"""Opens a file of `mnv3 export` as a predictor of its task."""

from pathlib import Path
from typing import TYPE_CHECKING

from mnv3.cli.tasks import TASKS, open_task
from mnv3.tools.errors import UserError

if TYPE_CHECKING:
    from mnv3.tools.predict.predictor import Predictor


def open_exported(path: Path | str, threads: int | None = None) -> "Predictor":
    """The predictor of an exported file, with `threads` threads, None for one a core.

    Raises UserError: no file, a foreign or damaged one; a library that is missing, with the extra that has it.
    """
    from mnv3.tools.export.file import read_exported

    exported = read_exported(path)
    task = exported.description.task
    if task not in TASKS:
        raise UserError(f"{path}: is of task={task!r}, which mnv3 does not have; there are {' and '.join(TASKS)}.")
    return open_task(task).open_exported(exported, threads)
