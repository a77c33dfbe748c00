"""Report an evaluation: figures, plots and pictures in a folder, tables for the console."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from rich.box import SIMPLE_HEAD
from rich.columns import Columns
from rich.table import Table

from mnv3.ssdlite.data.coco.annotations import CocoData
from mnv3.ssdlite.evaluate.results import Result, write_results
from mnv3.ssdlite.evaluate.samples import draw_samples, pick_samples
from mnv3.ssdlite.evaluate.scorer import Scores
from mnv3.ssdlite.model.presets import COCO_MOST
from mnv3.tools.drawing.curves import Curves, f1_curves, plot_pr_curves
from mnv3.tools.drawing.plots import plot_class_scores, plot_confusion
from mnv3.tools.drawing.sheets import save_sheet
from mnv3.tools.files.write import write_json
from mnv3.tools.text.console import as_text, or_none, three

WIDTH = 100  # columns of the console tables
CLASSES_A_COLUMN = 20


def write_report(
    folder: Path,
    data: CocoData,
    results: Sequence[Result],
    scores: Scores,
    *,
    split: str = "val",
    samples: int = 8,
    more: Mapping[str, Any] | None = None,
) -> None:
    """Write into `folder`: metrics.json (with `more`), predictions/detections.json, samples/<split>.jpg and
    plots/{pr_curves,confusion,per_class_ap}.png."""
    write_results(folder / "predictions" / "detections.json", results)
    write_json(folder / "metrics.json", metrics(data, results, scores) | dict(more or {}))
    plot_pr_curves(
        folder / "plots" / "pr_curves.png",
        np.linspace(0, 1, 101),
        {f"IoU {iou:.2f}": curves for iou, curves in scores.curves.items()},
        scores.names,
        [category.slot for category in data.categories],
        _f1_panel(scores),
    )
    title = f"boxes of {split}: IoU at least 0.5, score at least {scores.score_threshold:g}"
    plot_confusion(folder / "plots" / "confusion.png", scores.confusion, [*scores.names, "background"], title)
    plot_class_scores(
        folder / "plots" / "per_class_ap.png",
        scores.per_class,
        f"AP of each class, {split}",
        under=scores.per_class50,
        labels="AP|AP50",
    )
    _write_samples(folder / "samples" / f"{split}.jpg", data, results, scores.score_threshold, samples)


def write_submission(
    folder: Path, data: CocoData, results: Sequence[Result], algorithm: str, *, score_threshold: float, samples: int
) -> Path:
    """Write results for COCO's server, and samples; return the file, detections_<test set>_<algorithm>_results.json."""
    test_set = data.source.stem.removeprefix("image_info_").removeprefix("instances_")
    path = folder / "predictions" / f"detections_{test_set}_{algorithm}_results.json"
    write_results(path, results)
    _write_samples(folder / "samples" / f"{test_set}.jpg", data, results, score_threshold, samples)
    return path


def metrics(data: CocoData, results: Sequence[Result], scores: Scores) -> dict[str, Any]:
    """Return the content of metrics.json: the twelve numbers, those by class with the best F1, the operating point of
    all classes together, and counts; null: nothing to score, or nothing right."""
    point = scores.point
    classes: dict[str, dict[str, Any]] = {
        name: {"AP": or_none(scores.per_class[name]), "AP50": or_none(scores.per_class50[name])}
        for name in scores.names
    }
    for name, best in point.per_class.items() if point else ():
        classes[name] |= best.plain()
    stats = {name: or_none(value) for name, value in scores.stats.items()}
    limit = {} if scores.max_detections == COCO_MOST else {"max_detections": scores.max_detections}
    counts = {"images": len(data), "detections": len(results), **limit}
    return {**stats, "per_class": classes, "operating_point": point and point.overall.plain(), **counts}


def remarks(scores: Scores) -> list[str]:
    """Return sentences on the best threshold, and on an unusual way of scoring."""
    lines = []
    if scores.point:
        threshold, precision, recall, f1 = scores.point.overall
        lines.append(f"Best F1 {f1:.3f} at score {threshold:g}: precision {precision:.3f}, recall {recall:.3f}.")
    if (most := scores.max_detections) != COCO_MOST:
        lines.append(f"Up to {most} boxes of an image and class count, where COCO's AP counts {COCO_MOST}.")
    return lines


def score_table(data: CocoData, scores: Scores) -> str:
    """Format the twelve numbers and the AP of each class for the console."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for name in scores.stats:
        table.add_column(name, justify="right", min_width=5)
    table.add_row(*(three(value) for value in scores.stats.values()))
    boxes = {category.name: int((data.category_ids == category.id).sum()) for category in data.categories}
    names = list(scores.names)
    starts = range(0, len(names), CLASSES_A_COLUMN)
    columns = [_class_table(names[i : i + CLASSES_A_COLUMN], boxes, scores) for i in starts]
    return as_text(WIDTH, table, Columns(columns))


def _f1_panel(scores: Scores) -> Curves:
    best = scores.point and (scores.point.overall.threshold, scores.point.overall.f1)
    return f1_curves(scores.f1.thresholds, scores.f1.overall, scores.f1.per_class, best)


def _write_samples(path: Path, data: CocoData, results: Sequence[Result], score_threshold: float, count: int) -> None:
    sheet = draw_samples(data, results, pick_samples(data, count), score_threshold)
    if sheet is not None:
        save_sheet(sheet, path)


def _class_table(names: Sequence[str], boxes: Mapping[str, int], scores: Scores) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("class", max_width=16, no_wrap=True)
    for heading in ("boxes", "AP", "AP50"):
        table.add_column(heading, justify="right")
    for name in names:
        table.add_row(name, str(boxes[name]), three(scores.per_class[name]), three(scores.per_class50[name]))
    return table
