"""Reads runs from their folders; missing or broken files are reported and the rest is used."""

import csv
import math
from collections.abc import Callable, Collection, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

from mnv3.tools.compare.reports import read_scores
from mnv3.tools.compare.runs import Run, cost_of, data_of
from mnv3.tools.errors import UserError
from mnv3.tools.runs.folder import MOST_EPOCHS, RunFolder, read_report
from mnv3.tools.runs.saved_config import read_config
from mnv3.tools.task import Facts

LONGEST_COMMAND = 20_000  # characters of command.txt


def read_run(
    path: Path,
    tasks: Mapping[str, Facts],
    complete: Callable[[dict[str, Any]], dict[str, Any]],
    warn: Callable[[str], None],
) -> Run:
    """Read the run in folder `path`.

    Args:
        complete: adds keys that are newer than the configuration.
        warn: called with each problem that does not prevent using the run.

    Raises:
        UserError: not a run, of none of the `tasks`, or nothing to compare.
    """
    folder = RunFolder(path)
    config = complete(_config(folder, tasks))
    task = tasks[config["task"]["name"]]
    data = data_of(config["dataset"], "val", config.get("eval") or {}, task.keys_not_scored)
    history = _history(folder, warn)
    scores = read_scores(folder, config, data, task, history, warn)
    if not scores and not history:
        raise UserError(f"{folder} has no scores and no finished epoch yet.")
    command = folder.path / "command.txt"
    return Run(
        folder.path.resolve().name,
        str(folder),
        config,
        tags_of(config),
        data,
        scores,
        history,
        _text(command),
        cost_of(read_report(folder.facts) or {}),
    )


def tags_of(config: Mapping[str, Any]) -> frozenset[str]:
    """Return the words that select a run: its options, its tags, and its table and row of the paper."""
    sections = ("task", "backbone", "dataset", "recipe")
    words = [config[section].get("name") for section in sections if isinstance(config.get(section), Mapping)]
    wandb = config.get("wandb") or {}
    row = config.get("row") or ""
    words += [*(wandb.get("tags") or []), wandb.get("group"), row, row.partition("/")[0]]
    return frozenset(str(word) for word in words if word)


def _config(folder: RunFolder, tasks: Collection[str]) -> dict[str, Any]:
    if not folder.config.is_file():
        raise UserError(f"{folder} has no config.yaml: it is no run folder, or its training never began.")
    config = read_config(folder.config)
    task = config.get("task", {}).get("name")
    if task is None or not all(section in config for section in ("backbone", "dataset", "recipe")):
        raise UserError(f"{folder}/config.yaml is not the whole configuration of a run.")
    if task not in tasks:
        raise UserError(f"{folder} is of task {task}; runs of {' and '.join(tasks)} can be compared.")
    return config


def _history(folder: RunFolder, warn: Callable[[str], None]) -> tuple[dict[str, float], ...]:
    """Return the rows of metrics.csv as numbers, without cells that are not numbers and rows without epoch."""
    if not folder.metrics_csv.is_file():
        return ()
    try:
        with folder.metrics_csv.open(newline="", errors="replace") as file:
            rows = [
                {name: number for name, cell in row.items() if name and (number := _number(cell)) is not None}
                for row in islice(csv.DictReader(line.replace("\0", "") for line in file), MOST_EPOCHS)
            ]
    except (OSError, csv.Error):
        warn(f"{folder}/metrics.csv cannot be read: it is damaged.")
        return ()
    return tuple(row for row in rows if "epoch" in row)


def _text(path: Path) -> str:
    """Return the beginning of a text file, empty if it cannot be read."""
    try:
        with path.open(errors="replace") as file:
            return file.read(LONGEST_COMMAND).strip()
    except OSError:
        return ""


def _number(cell: Any) -> float | None:
    try:
        value = float(cell)
    except (TypeError, ValueError):
        return None
    return value if math.isfinite(value) else None
