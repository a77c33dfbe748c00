"""Reads runs from a W&B project, as written by `tools.runs.wandb_run`."""

import os
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from mnv3.tools.compare.folders import tags_of
from mnv3.tools.compare.reports import best_row, validation
from mnv3.tools.compare.runs import Run, Score, cost_of, data_of, numbers
from mnv3.tools.errors import UserError
from mnv3.tools.task import Facts

SECTIONS = ("task", "backbone", "dataset", "data", "recipe", "trainer", "wandb", "seed", "init", "row")
"""Sections of a configuration; W&B's also holds costs and paths."""
MOST = 200
"""Runs read from a project, newest first."""


def read_project(
    project: str,
    tag: str | None,
    tasks: Mapping[str, Facts],
    complete: Callable[[dict[str, Any]], dict[str, Any]],
    warn: Callable[[str], None],
) -> list[Run]:
    """Return the runs of a project ("ENTITY/PROJECT" or "PROJECT"), only those with `tag` if given, oldest first.

    `complete` and `warn` as in `tools.compare.folders.read_run`. Raises UserError: no key, no such project, no network.
    """
    filters = {"tags": {"$in": tag.split(",")}} if tag and not set(tag) & set("*?[") else {}
    try:
        found = _first(_api().runs(project, filters=filters, order="-created_at"), MOST)
        runs = [run for one in found if (run := _run(one, tasks, complete, warn))]
    except UserError:
        raise
    except Exception as error:  # W&B wraps what its libraries raise in several of its own classes
        first_line = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise UserError(f"wandb={project} cannot be read: {first_line.rstrip('.')}.") from error
    if not runs:
        with_tag = f" with the tag {tag}" if tag else ""
        raise UserError(f"wandb={project} has no run made by mnv3{with_tag}.")
    return runs[::-1]


def _api() -> Any:
    mode = os.environ.get("WANDB_MODE", "online")
    if mode in ("offline", "dryrun", "disabled"):
        raise UserError(f"wandb= reads from W&B's server, but WANDB_MODE is {mode}; unset it, or name run folders.")
    import wandb

    # Only looks for a key: without one, wandb.Api() would prompt at a terminal.
    if not wandb.login(prompt=False, verify=False):
        raise UserError("wandb= reads from W&B's server and needs a key: `wandb login`, or WANDB_API_KEY.")
    return wandb.Api()


def _first(items: Iterable[Any], count: int) -> list[Any]:
    return [item for item, _ in zip(items, range(count), strict=False)]


def _run(
    found: Any,
    tasks: Mapping[str, Facts],
    complete: Callable[[dict[str, Any]], dict[str, Any]],
    warn: Callable[[str], None],
) -> Run | None:
    """Return a training or an evaluation; warn and return None for foreign runs and those with nothing to compare."""
    config = {key: found.config[key] for key in SECTIONS if key in found.config}
    task = tasks.get(str((config.get("task") or {}).get("name")))
    if task is None or not isinstance(config.get("dataset"), Mapping):
        warn(f"{found.name} in W&B was not made by mnv3.")
        return None
    config = complete(config)
    data, history, scores = data_of(config["dataset"], "val", config.get("eval") or {}, task.keys_not_scored), (), ()
    if found.job_type == "eval":
        settings = found.config.get("eval") or {}
        split = str(settings.get("split", "val"))
        figures = numbers({name: found.summary.get(f"{split}/{name}") for name in task.figures})
        checkpoint = str(found.config.get("checkpoint", "?")).rpartition("/")[2]
        of = data_of(config["dataset"], split, settings, task.keys_not_scored)
        scores = (Score(of, figures, checkpoint),) if figures else ()
    else:
        history = _history(found.scan_history())
        row = best_row(history, task.figures[0])
        final = found.state == "finished"
        scores = (Score(data, validation(row), "best.ckpt", int(row["epoch"]), final=final),) if row else ()
    if not scores and not history:
        warn(f"{found.name} in W&B has no scores and no finished epoch yet.")
        return None
    tags = tags_of(config) | frozenset(found.tags or ())
    return Run(found.name, found.url, config, tags, data, scores, history, cost=cost_of(found.config))


def _history(rows: Iterable[Mapping[str, Any]]) -> tuple[dict[str, float], ...]:
    """Return one row per epoch, from 1: Lightning counts from 0 and logs training and validation separately."""
    epochs: dict[int, dict[str, float]] = {}
    for row in rows:
        values = {name: value for name, value in numbers(row).items() if not name.startswith("_")}
        if "epoch" in values:
            epoch = int(values["epoch"]) + 1
            epochs[epoch] = {**epochs.get(epoch, {}), **values, "epoch": epoch}
    return tuple(epochs[epoch] for epoch in sorted(epochs))
