"""Scores of the paper's rows, and of released weights, read from run folders and reports of `mnv3 eval`."""

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from mnv3.tools.errors import UserError
from mnv3.tools.runs.folder import display_path, read_report
from mnv3.tools.runs.saved_config import LARGEST_FILE, read_config
from mnv3.tools.task import Facts

WHOLE = {("coco", "val"): 5000, ("cityscapes", "val"): 500}
"""Images in splits of a publicly known size."""


class Score(NamedTuple):
    """A score and its origin. `unlike`: differences from the whole split at single scale, without tiles."""

    value: float  # 0..1
    dataset: str
    split: str
    seed: int | None  # None: of weights from elsewhere
    checkpoint: Path
    unlike: tuple[str, ...]
    config: dict[str, Any]  # of the run, or of the report on weights
    written: float  # seconds since the epoch

    @property
    def data(self) -> str:
        """The data set and split, with what is unlike."""
        return " ".join([self.dataset, self.split, *(f"({what})" for what in self.unlike)])


def scores(runs: Path, task: Facts, rows: Collection[str]) -> tuple[dict[str, list[Score]], list[str]]:
    """Return row -> its scores, newest first, of the runs of `task` in `runs`; and a sentence per skipped run."""
    found: dict[str, list[Score]] = {}
    sentences: list[str] = []
    for folder in sorted(path for path in (runs / task.name).glob("*") if path.is_dir()):
        try:
            row, own = _of_run(folder, task, rows)
        except Exception as error:  # an altered file can contain anything
            sentences.append(f"{display_path(folder)} is left out: {_reason(error)}.")
            continue
        if row is not None:
            found[row] = sorted([*found.get(row, []), *own], key=lambda score: -score.written)
            sentences += (
                [] if own else [f"{display_path(folder)} is left out: no metrics.json, so it has no score yet."]
            )
    return found, sentences


def scores_of_weights(runs: Path, task: Facts) -> tuple[list[Score], list[str]]:
    """Return the scores, newest first, of weights with a published score, from the reports of `task` in `runs`/eval;
    and a sentence per skipped report."""
    found, sentences = [], []
    for report in sorted((runs / "eval").glob("*/metrics.json")):
        try:
            config = _config_of_weights(report.parent / "config.yaml")
            if config is not None and config["task"]["name"] == task.name:
                found.append(_read(report, report.parent, config, task))
        except Exception as error:  # an altered file can contain anything
            sentences.append(f"{display_path(report.parent)} is left out: {_reason(error)}.")
    return sorted(found, key=lambda score: -score.written), sentences


def _config_of_weights(path: Path) -> dict[str, Any] | None:
    """Return the configuration of a report on weights with a published score, None if it is not one."""
    if not path.is_file() or path.stat().st_size > LARGEST_FILE:
        return None
    if "\npublished: " not in path.read_text(errors="replace"):  # parsing every report would be slow
        return None
    return read_config(path)


def _of_run(folder: Path, task: Facts, rows: Collection[str]) -> tuple[str | None, list[Score]]:
    path = folder / "config.yaml"
    if not path.is_file():
        raise ValueError("no config.yaml, so it is not a whole run folder")
    text = path.read_text(errors="replace") if path.stat().st_size <= LARGEST_FILE else ""
    if not any(f"\nrow: {row}\n" in f"\n{text}\n" for row in rows):  # parsing every run would be slow
        return None, []
    config = read_config(path)
    if config["task"]["name"] != task.name:
        raise ValueError(f"its task is {config['task']['name']}, not {task.name}")
    if not {"backbone", "dataset", "seed"} <= config.keys():
        raise ValueError("its config.yaml is not the whole configuration of a run")
    reports = [folder / "metrics.json", *sorted(folder.glob("eval/*/metrics.json"))]
    return config["row"], [_read(report, folder, config, task) for report in reports if report.is_file()]


def _read(report: Path, folder: Path, config: dict[str, Any], task: Facts) -> Score:
    metrics = read_report(report)
    if metrics is None:
        raise ValueError(f"{display_path(report)} is not whole JSON")
    value = metrics[task.figures[0]]
    if value is None:
        raise ValueError(f"{display_path(report)} has no figure: there was nothing to score")
    checkpoint = Path(metrics["checkpoint"])
    own = folder / checkpoint
    dataset, split = metrics.get("dataset", config["dataset"]["name"]), metrics.get("split", "val")
    is_score = type(value) in (int, float) and 0 <= value <= 1
    if not is_score or not isinstance(dataset, str) or not isinstance(split, str):
        raise ValueError(f"{display_path(report)} is not a report of {task.name}: a figure or a name in it is invalid")
    return Score(
        value=float(value),
        dataset=dataset,  # a training's report names none
        split=split,
        seed=config.get("seed"),
        checkpoint=Path(display_path(own.resolve())) if own.is_file() else checkpoint,
        unlike=tuple(_unlike(metrics, config)),
        config=config,
        written=report.stat().st_mtime,
    )


def _unlike(metrics: dict[str, Any], config: dict[str, Any]) -> Iterator[str]:
    dataset, split = metrics.get("dataset", config["dataset"]["name"]), metrics.get("split", "val")
    images = metrics.get("images", metrics.get("frames"))
    whole = WHOLE.get((dataset, split))
    if whole is not None and images is not None and images != whole:
        yield f"{images} of {whole} images"
    size = metrics.get("input_size", config["task"]["input_size"])
    if size != config["task"]["input_size"]:
        yield "input as it is" if size is None else f"input {size[0]} x {size[1]}"
    if metrics.get("max_detections"):
        yield f"{metrics['max_detections']} boxes an image"
    if metrics.get("flip"):
        yield "flipped too"
    if metrics.get("tiles") is not None:
        yield f"tiles {metrics['tiles']}"
    if metrics.get("scales", [1.0]) != [1.0]:
        yield f"scales {' '.join(f'{scale:g}' for scale in metrics['scales'])}"


def _reason(error: Exception) -> str:
    if isinstance(error, KeyError):
        return f"{error} is missing"
    first = (str(error).strip() or "they are damaged").splitlines()[0].removesuffix(".")
    ours = isinstance(error, ValueError) and not isinstance(error, UserError)
    return first if ours else f"its files cannot be read ({first})"
