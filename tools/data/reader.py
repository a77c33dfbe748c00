"""Data set formats: one row each in a task's `data/sets.py`, from which `mnv3 data list` and messages derive."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Generic, NamedTuple, TypeVar

from mnv3.tools.errors import UserError

T = TypeVar("T")
Log = Callable[[str], None]


class Reader(NamedTuple, Generic[T]):
    """How a data set is opened, and what `mnv3 data list` prints about it.

    `open(dataset, root, split, log)`: `dataset` is the section of the configuration, `root` the data root, `log`
    receives a line per workaround. Raises UserError, or Absent if the split does not exist.
    """

    open: Callable[[Any, Path, str, Log], T]
    splits: tuple[str, ...]
    size: str
    licence: str
    how: str
    """How to get it."""
    present: tuple[str, ...] = ()
    """Files or folders in the data root that show that it is there; none for your own data, which can be anywhere."""
    get: Callable[[Path, Any], None] | None = None
    """`mnv3 data get`, called with the data root and the configuration."""


class OtherTask(UserError):
    """A data set that this task cannot read; `known` are those it can."""

    def __init__(self, name: str, known: tuple[str, ...]) -> None:
        super().__init__(f"Data set {name} is for another task; this one has {', '.join(known)}.")
        self.name = name
        self.known = known


def read(readers: Mapping[str, Reader[T]], dataset: Any, root: Path, split: str, log: Log) -> T:
    """Open the `split` of the configured data set. Raises OtherTask, or UserError: no such split, or as its `open`."""
    reader = readers.get(dataset.name)
    if reader is None:
        raise OtherTask(dataset.name, tuple(readers))
    if split not in reader.splits:
        raise UserError(f"Data set {dataset.name} has no split '{split}'; it has {', '.join(reader.splits)}.")
    return reader.open(dataset, root, split, log)
