"""Report an evaluation: figures, plots and pictures in a folder, a table for the console."""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.columns import Columns
from rich.table import Table

from mnv3.lraspp.data.frames import FrameData
from mnv3.lraspp.evaluate.official import OfficialScores
from mnv3.lraspp.evaluate.samples import draw_samples
from mnv3.lraspp.evaluate.scorer import Maps
from mnv3.lraspp.evaluate.scores import Scores
from mnv3.tools.drawing.plots import plot_class_scores, plot_confusion
from mnv3.tools.drawing.sheets import save_sheet
from mnv3.tools.files.write import write_json
from mnv3.tools.text.console import as_text, or_none, three

WIDTH = 100  # columns of the console table
TITLES = {"mIoU": "mIoU", "category_mIoU": "category mIoU", "pixel_accuracy": "pixel accuracy"}
"""Name in `Scores.stats` -> heading on the console."""


def write_report(
    folder: Path,
    data: FrameData,
    maps: Maps,
    scores: Scores,
    *,
    split: str = "val",
    official: OfficialScores | None = None,
    more: Mapping[str, Any] | None = None,
) -> None:
    """Write metrics.json (with `more`), plots/{confusion,per_class_iou}.png and samples/<split>.jpg into `folder`."""
    write_json(folder / "metrics.json", metrics(data, scores, official) | dict(more or {}))
    names = [entry.name for entry in data.classes]
    # No pixel can be predicted as ignored, and ignored pixels are not scored: leave out both.
    matrix = scores.confusion[: len(names), : len(names)]
    plot_confusion(folder / "plots" / "confusion.png", matrix, names, f"pixels of {split}", counts=False)
    plot_class_scores(folder / "plots" / "per_class_iou.png", scores.per_class, f"IoU of each class, {split}")
    write_samples(folder, data, maps, split)


def write_samples(folder: Path, data: FrameData, maps: Maps, split: str) -> None:
    """Write samples/<split>.jpg of the readable frames in `maps`, if any."""
    sheet = draw_samples(data, maps)
    if sheet is not None:
        save_sheet(sheet, folder / "samples" / f"{split}.jpg")


def metrics(data: FrameData, scores: Scores, official: OfficialScores | None = None) -> dict[str, Any]:
    """Return the content of metrics.json: means, IoU and true pixels by class, IoU by category; null: nothing to score;
    with `official` also the instance-weighted figures, which only cityscapesscripts computes."""
    figures: dict[str, Any] = {name: or_none(value) for name, value in scores.stats.items()}
    figures["per_class"] = {
        name: {"IoU": or_none(value), "pixels": scores.pixels[name]} for name, value in scores.per_class.items()
    }
    if scores.per_category:
        figures["per_category"] = {name: or_none(value) for name, value in scores.per_category.items()}
    if official is not None:
        figures["official"] = {
            "mIoU": or_none(official.mean_iou),
            "miIoU": or_none(official.mean_instance_iou),
            "category_mIoU": or_none(official.mean_category_iou),
            "category_miIoU": or_none(official.mean_category_instance_iou),
            "iIoU": {name: value for name, value in official.instance_iou.items() if not math.isnan(value)},
        }
    return {**figures, "frames": len(data)}


def score_table(scores: Scores, official: OfficialScores | None = None) -> str:
    """Format the means, and the IoU of each class and category (iIoU too, if scored officially), for the console."""
    means = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for name in scores.stats:
        means.add_column(TITLES[name], justify="right")
    means.add_row(*(three(value) for value in scores.stats.values()))
    tables = [_iou_table("class", scores.per_class, official.instance_iou if official else None, scores.pixels)]
    if scores.per_category:
        instances = official.category_instance_iou if official else None
        tables.append(_iou_table("category", scores.per_category, instances))
    return as_text(WIDTH, means, Columns(tables, padding=(0, 4)))


def _iou_table(
    title: str, iou: Mapping[str, float], instance_iou: Mapping[str, float] | None, pixels: Mapping[str, int] = {}
) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column(title, max_width=24, no_wrap=True)
    total = max(1, sum(pixels.values()))
    columns = {"pixels": lambda name: f"{100 * pixels[name] / total:.1f}%"} if pixels else {}
    columns["IoU"] = lambda name: three(iou[name])
    if instance_iou is not None:
        columns["iIoU"] = lambda name: three(instance_iou[name])
    for heading in columns:
        table.add_column(heading, justify="right")
    for name in iou:
        table.add_row(name, *(cell(name) for cell in columns.values()))
    return table
