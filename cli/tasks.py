"""Which tasks there are. Everything else reaches a task through `open_task`, or is given one."""

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mnv3.tools.task import Task

TASKS = {"ssdlite": "mnv3.ssdlite.task", "lraspp": "mnv3.lraspp.task"}
"""Name -> module; its TASK satisfies `tools.task.Task`."""


def open_task(name: str) -> "Task":
    """Return the task of that name."""
    return importlib.import_module(TASKS[name]).TASK


def every_task() -> "dict[str, Task]":
    """Return all tasks by name."""
    return {name: open_task(name) for name in TASKS}


def task_of_table(number: int) -> "Task":
    """Return the task whose networks a table of the paper lists."""
    return next(task for task in every_task().values() if number in task.tables)


def without_effect(task: str, key: str) -> str | None:
    """Return why `key` (or a key in that section) changes nothing for `task`; None if it may."""

    def ignores(name: str) -> bool:
        return f"{key}.".startswith(tuple(f"{ignored}." for ignored in open_task(name).keys_without_effect))

    if not ignores(task):
        return None
    return f"it is for {' and '.join(f'task={name}' for name in TASKS if not ignores(name))}"
