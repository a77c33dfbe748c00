"""The list of tasks. All other code opens a task with `open_task`, or receives one."""

import importlib
from typing import TYPE_CHECKING

from mnv3.tools.data.reader import OtherTask
from mnv3.tools.errors import UserError

if TYPE_CHECKING:
    from mnv3.tools.task import Task

TASKS = {"ssdlite": "mnv3.ssdlite.task", "lraspp": "mnv3.lraspp.task"}
"""Name -> module, whose TASK implements `tools.task.Task`."""


def open_task(name: str) -> "Task":
    """Return the task of that name."""
    return importlib.import_module(TASKS[name]).TASK


def every_task() -> "dict[str, Task]":
    """Return all tasks by name."""
    return {name: open_task(name) for name in TASKS}


def explained(error: UserError) -> UserError:
    """Return `error`; if the data set belongs to another task, an error that names this task."""
    if not isinstance(error, OtherTask):
        return error
    tasks = every_task().values()
    here = next(task for task in tasks if tuple(task.readers()) == error.known)
    others = [f"{task.purpose}: add task={task.name}" for task in tasks if error.name in task.readers()]
    return UserError(
        f"Data set {error.name} is for {' or '.join(others)}. {here.purpose.capitalize()} (task={here.name}) has "
        f"{', '.join(error.known)}."
    )


def task_of_table(number: int) -> "Task":
    """Return the task whose networks a table of the paper lists."""
    return next(task for task in every_task().values() if number in task.tables)


def check_tiles(task: str, key: str, tiles: int | str | None) -> None:
    """Raise UserError if tiles are asked for, but the results of `task` are not boxes; `key` names the setting."""
    if tiles is not None and open_task(task).kind != "boxes":
        others = " or ".join(f"task={name}" for name in TASKS if open_task(name).kind == "boxes")
        raise UserError(f"{key}={tiles}: tiles are for boxes only ({others}), but the network is for task={task}.")


def without_effect(task: str, key: str) -> str | None:
    """Return why `key` (or a key in that section) changes nothing for `task`; None if it may."""

    def ignores(name: str) -> bool:
        return f"{key}.".startswith(tuple(f"{ignored}." for ignored in open_task(name).keys_without_effect))

    if not ignores(task):
        return None
    others = [f"{open_task(name).purpose}, task={name}" for name in TASKS if not ignores(name)]
    return f"it is only for {' and '.join(others)}"
