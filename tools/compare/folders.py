"""Reads runs from their folders. What is missing or broken is said in a sentence, and the rest is used."""

import csv
import json
import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException
from yaml import YAMLError

from tools.compare.runs import Data, Run, Score, data_of, numbers
from tools.errors import UserError
from tools.run_folder import RunFolder

Headlines = Mapping[str, tuple[str, ...]]
"""Task -> its main figures, the one that decides on the best checkpoint first."""

COUNTS = ("images", "frames", "detections", "epoch")


def read_run(
    path: Path, headlines: Headlines, complete: Callable[[dict[str, Any]], dict[str, Any]], say: Callable[[str], None]
) -> Run:
    """The run in folder `path`.

    Args:
        complete: adds to a configuration the keys that are younger than it.
        say: is told what is not as it should be, though the run can be used.

    Raises:
        UserError: not a run, of no task in `headlines`, or with nothing to compare.
    """
    folder = RunFolder(path)
    config = complete(_config(folder, headlines))
    data = data_of(config["dataset"], "val", {})
    history = _history(folder)
    scores = _scores(folder, config, data, headlines[config["task"]["name"]], history, say)
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
        command.read_text(errors="replace").strip() if command.is_file() else "",
    )


def tags_of(config: Mapping[str, Any]) -> frozenset[str]:
    """The words by which a run can be asked for: its options, the tags given to it, table and row of the paper."""
    sections = ("task", "backbone", "dataset", "recipe")
    words = [config[section].get("name") for section in sections if isinstance(config.get(section), Mapping)]
    wandb = config.get("wandb") or {}
    row = config.get("row") or ""
    words += [*(wandb.get("tags") or []), wandb.get("group"), row, row.partition("/")[0]]
    return frozenset(str(word) for word in words if word)


def best_row(history: tuple[dict[str, float], ...], score: str) -> dict[str, float] | None:
    """The epoch with the highest `val/<score>`."""
    scored = [row for row in history if f"val/{score}" in row]
    return max(scored, key=lambda row: row[f"val/{score}"], default=None)


def validation(row: Mapping[str, float]) -> dict[str, float]:
    """The figures of an epoch's validation, by the names that metrics.json has."""
    return {name.removeprefix("val/"): value for name, value in row.items() if name.startswith("val/")}


def _config(folder: RunFolder, headlines: Headlines) -> dict[str, Any]:
    if not folder.config.is_file():
        raise UserError(f"{folder} has no config.yaml: it is no run folder, or its training never began.")
    try:
        config: Any = OmegaConf.to_container(OmegaConf.load(folder.config), resolve=True)
        task = config["task"]["name"]
        if not all(isinstance(config[section], dict) for section in ("backbone", "dataset", "recipe")):
            raise KeyError
    except (OSError, UnicodeError, YAMLError, OmegaConfBaseException):
        raise UserError(f"{folder}/config.yaml cannot be read: it is damaged.") from None
    except (KeyError, TypeError):
        raise UserError(f"{folder}/config.yaml is not the whole configuration of a run.") from None
    if task not in headlines:
        raise UserError(f"{folder} is of task {task}; runs of {' and '.join(headlines)} can be compared.")
    return config


def _history(folder: RunFolder) -> tuple[dict[str, float], ...]:
    """Rows of metrics.csv as numbers; cells that are none are left out, rows without epoch too."""
    if not folder.metrics_csv.is_file():
        return ()
    with folder.metrics_csv.open(newline="", errors="replace") as file:
        rows = [
            {name: number for name, cell in row.items() if name and (number := _number(cell)) is not None}
            for row in csv.DictReader(file)
        ]
    return tuple(row for row in rows if "epoch" in row)


def _number(cell: Any) -> float | None:
    try:
        value = float(cell)
    except (TypeError, ValueError):
        return None
    return value if math.isfinite(value) else None


def _scores(
    folder: RunFolder,
    config: Mapping[str, Any],
    data: Data,
    headline: tuple[str, ...],
    history: tuple[dict[str, float], ...],
    say: Callable[[str], None],
) -> tuple[Score, ...]:
    """Of the end of training, or of the best validation so far, and of every report of `mnv3 eval` in the folder; or of
    the one report that the folder is, of weights without a run."""
    found: list[Score] = []
    own = _metrics(folder.path, headline, say)
    if own:
        of = _data_of_report(own, config) if "dataset" in own else data
        sheet = _sheet(folder.path, of.split)
        found.append(Score(of, _figures(own), _file(own, "best.ckpt"), own.get("epoch"), sheet))
    elif row := best_row(history, headline[0]):
        found.append(Score(data, validation(row), "best.ckpt", int(row["epoch"]), final=False))
    for path in sorted(folder.path.glob("eval/*/metrics.json")):
        report = _metrics(path.parent, headline, say)
        if report:
            of = _data_of_report(report, config)
            score = Score(of, _figures(report), _file(report, "?"), None, _sheet(path.parent, of.split))
            _add(found, score, headline)
    return tuple(found)


def _add(found: list[Score], score: Score, headline: tuple[str, ...]) -> None:
    """Add a score; an evaluation that finds what the training's end had found adds its further figures to that one."""
    for place, other in enumerate(found):
        shared = other.figures.keys() & score.figures.keys() & set(headline)
        same = bool(shared) and all(  # metrics.csv has six digits
            math.isclose(other.figures[key], score.figures[key], rel_tol=1e-5, abs_tol=1e-9) for key in shared
        )
        if (other.data, other.checkpoint) == (score.data, score.checkpoint) and same:
            figures = {**other.figures, **score.figures}
            found[place] = score._replace(figures=figures, epoch=other.epoch, sheet=score.sheet or other.sheet)
            return
    found.append(score)


def _metrics(folder: Path, headline: tuple[str, ...], say: Callable[[str], None]) -> dict[str, Any]:
    """metrics.json of a folder, empty if there is none that can be used."""
    path = folder / "metrics.json"
    if not path.is_file():
        return {}
    try:
        content = json.loads(path.read_text())
    except (OSError, ValueError):
        say(f"{RunFolder(folder)}/metrics.json cannot be read: it is cut off or damaged.")
        return {}
    if not isinstance(content, dict) or not set(headline) & set(content):
        say(f"{RunFolder(folder)}/metrics.json has no {headline[0]}: it is not a report of this task.")
        return {}
    return content


def _figures(report: Mapping[str, Any]) -> dict[str, float]:
    left_out = (*COUNTS, "dataset_keys", "scales", "flip")
    return numbers({key: value for key, value in report.items() if key not in left_out})


def _file(report: Mapping[str, Any], default: str) -> str:
    return Path(str(report.get("checkpoint", default))).name


def _data_of_report(report: Mapping[str, Any], config: Mapping[str, Any]) -> Data:
    """What a report of `mnv3 eval` is of; one that does not tell the data set's keys has the run's, if it is that."""
    name = report.get("dataset")
    section = report.get("dataset_keys") or (config["dataset"] if name == config["dataset"].get("name") else {})
    return data_of({**section, "name": name}, str(report.get("split", "val")), report)


def _sheet(folder: Path, split: str) -> Path | None:
    path = folder / "samples" / f"{split}.jpg"
    return path if path.is_file() else None
