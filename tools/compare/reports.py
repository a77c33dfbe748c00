"""Reads the scores of a run folder: from the end of training and from evaluations."""

import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from mnv3.tools.compare.runs import Data, Score, data_of, numbers
from mnv3.tools.runs.folder import RunFolder, read_report
from mnv3.tools.task import Facts

NO_FIGURES = ("images", "frames", "detections", "epoch", "dataset_keys", "scales", "flip", "tiles", "max_detections")
"""Numbers in metrics.json that describe what was scored and how."""


def read_scores(
    folder: RunFolder,
    config: Mapping[str, Any],
    data: Data,
    task: Facts,
    history: tuple[dict[str, float], ...],
    warn: Callable[[str], None],
) -> tuple[Score, ...]:
    """Return the scores of the end of training (or the best validation so far) and of every `mnv3 eval` report in the
    folder; or of the single report if the folder is an evaluation of weights without a run."""
    found: list[Score] = []
    own = _metrics(folder.path, task.figures, warn)
    if own:
        of = _data_of_report(own, config, task) if "dataset" in own else data
        sheet = _sheet(folder.path, of.split)
        found.append(Score(of, _figures(own), _file(own, "best.ckpt"), own.get("epoch"), sheet))
    elif row := best_row(history, task.figures[0]):
        found.append(Score(data, validation(row), "best.ckpt", int(row["epoch"]), final=False))
    for path in sorted(folder.path.glob("eval/*/metrics.json")):
        report = _metrics(path.parent, task.figures, warn)
        if report:
            of = _data_of_report(report, config, task)
            score = Score(of, _figures(report), _file(report, "?"), None, _sheet(path.parent, of.split))
            _add(found, score, task.figures)
    return tuple(found)


def _add(found: list[Score], score: Score, headline: tuple[str, ...]) -> None:
    """Add a score; an evaluation that repeats an existing score adds its further figures to that one."""
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


def _metrics(folder: Path, headline: tuple[str, ...], warn: Callable[[str], None]) -> dict[str, Any]:
    """Read metrics.json of a folder; empty if there is no usable one."""
    path = folder / "metrics.json"
    if not path.is_file():
        return {}
    content = read_report(path)
    if content is None:
        warn(f"{RunFolder(folder)}/metrics.json cannot be read: it is cut off or damaged.")
        return {}
    if not set(headline) & set(content):
        warn(f"{RunFolder(folder)}/metrics.json has no {headline[0]}: it is not a report of this task.")
        return {}
    return content


def _figures(report: Mapping[str, Any]) -> dict[str, float]:
    return numbers({key: value for key, value in report.items() if key not in NO_FIGURES})


def _file(report: Mapping[str, Any], default: str) -> str:
    return Path(str(report.get("checkpoint", default))).name


def _data_of_report(report: Mapping[str, Any], config: Mapping[str, Any], task: Facts) -> Data:
    """Return the data of an evaluation report; without `dataset_keys`, the run's if the data set's name matches."""
    name = report.get("dataset")
    section = report.get("dataset_keys") or (config["dataset"] if name == config["dataset"].get("name") else {})
    return data_of({**section, "name": name}, str(report.get("split", "val")), report, task.keys_not_scored)


def _sheet(folder: Path, split: str) -> Path | None:
    path = folder / "samples" / f"{split}.jpg"
    return path if path.is_file() else None


def best_row(history: tuple[dict[str, float], ...], score: str) -> dict[str, float] | None:
    """Return the epoch with the highest `val/<score>`."""
    scored = [row for row in history if f"val/{score}" in row]
    return max(scored, key=lambda row: row[f"val/{score}"], default=None)


def validation(row: Mapping[str, float]) -> dict[str, float]:
    """Return the figures of an epoch's validation under their metrics.json names."""
    return {name.removeprefix("val/"): value for name, value in row.items() if name.startswith("val/")}
