"""Curves of a run as PNG: precision-recall and F1 of the classes, and the training over its epochs."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from mnv3.tools.drawing.fonts import as_labels, literal
from mnv3.tools.drawing.style import FAINT, INK, MAIN, class_line_colours, line_colour, new_figure, save_figure

NAMED_LINES = 12  # more lines are indistinguishable: only some are drawn, and a band of all
EXTREMES = 4  # best and worst classes that are drawn then
LINE = 0.22  # of a legend, inches
BAND, MIDDLE = "#eef1f5", "#dde3ea"
"""Where all classes lie, and the middle half of them."""


class Curves(NamedTuple):
    """A panel of curves: `main` [R], drawn thick, and those of the classes, [R, K], NaN for a class without ground
    truth. `values` [K]: what the classes are sorted by, in the legend as `form`."""

    title: str
    x: np.ndarray
    axes: tuple[str, str]
    classes: np.ndarray
    values: np.ndarray
    main: np.ndarray
    main_label: str
    heading: str
    mark: tuple[float, str] | None = None
    """A place on the x axis, and its label."""


@literal
def plot_pr_curves(
    path: Path,
    recall: np.ndarray,
    precision: Mapping[str, np.ndarray],
    names: Sequence[str],
    colours: Sequence[int],
    f1: Curves | None = None,
) -> None:
    """Plot precision against recall, one panel per matching rule, and beside them `f1` against the score.

    Args:
        recall: [R], 0..1.
        precision: panel title -> [R, K] in 0..1, NaN for a class without ground truth.
        names: K class names.
        colours: K palette indices.
    """
    panels = [_precision(title, recall, curves) for title, curves in precision.items()]
    panels += [f1] if f1 is not None else []
    most = max(min(int(np.isfinite(panel.values).sum()), NAMED_LINES) for panel in panels)
    figure, axes = new_figure(columns=len(panels), width=5.8 * len(panels), height=5.0 + LINE * (most + 3))
    for place, panel in zip(axes, panels, strict=True):
        _draw(place, panel, as_labels(names), colours)
    save_figure(figure, path)


def f1_curves(
    thresholds: np.ndarray, overall: np.ndarray, classes: np.ndarray, best: tuple[float, float] | None
) -> Curves:
    """Return the panel of F1 [T] and [T, K] against score `thresholds` [T]; `best`: threshold and F1."""
    with np.errstate(all="ignore"):
        values = np.array([column.max(initial=-1) if np.isfinite(column).all() else np.nan for column in classes.T])
    label = "all classes together" + (f"  {best[1]:.3f}" if best else "")
    mark = (best[0], f" {best[0]:g}") if best else None
    titles = "F1 at IoU 0.50", "best F1"
    return Curves(titles[0], thresholds, ("score threshold", "F1"), classes, values, overall, label, titles[1], mark)


def _precision(title: str, recall: np.ndarray, curves: np.ndarray) -> Curves:
    values = curves.mean(axis=0)  # NaN for a class without ground truth
    known = np.isfinite(values)
    mean = curves[:, known].mean(axis=1) if known.any() else np.full(len(recall), np.nan)
    label = f"mean of {known.sum()}  {mean.mean():.3f}"
    return Curves(title, recall, ("recall", "precision"), curves, values, mean, label, "AP")


def _draw(axes: Axes, panel: Curves, names: Sequence[str], colours: Sequence[int]) -> None:
    known = [k for k in range(len(names)) if np.isfinite(panel.values[k])]
    order = sorted(known, key=lambda k: -panel.values[k])
    if many := len(known) > NAMED_LINES:
        low, quarter, upper, high = np.percentile(panel.classes[:, known], (0, 25, 75, 100), axis=1)
        axes.fill_between(panel.x, low, high, color=BAND, lw=0, label="all classes")
        axes.fill_between(panel.x, quarter, upper, color=MIDDLE, lw=0, label="the middle half")
        order = [*order[:EXTREMES], *order[-EXTREMES:]]
    for k, colour in zip(order, class_line_colours([colours[k] for k in order]), strict=True):
        label = f"{names[k]}  {panel.values[k]:.3f}"
        axes.plot(panel.x, panel.classes[:, k], color=colour, lw=1.1 if many else 1.6, label=label)
    if known:
        axes.plot(panel.x, panel.main, color=INK, lw=3.2, label=panel.main_label)
        heading = f"{panel.heading}, best and worst {EXTREMES} classes" if many else panel.heading
        place: dict[str, Any] = {"loc": "upper left", "bbox_to_anchor": (0, -0.13), "fontsize": 9, "borderaxespad": 0}
        axes.legend(frameon=False, title=heading, alignment="left", **place)
    if panel.mark is not None:
        axes.axvline(panel.mark[0], color=FAINT, lw=1.6, ls="--", zorder=1)
        axes.text(panel.mark[0], 0.02, panel.mark[1], color=INK, fontsize=10)
    right = float(panel.x[-1])
    axes.set(title=panel.title, xlabel=panel.axes[0], ylabel=panel.axes[1], xlim=(0, right), ylim=(0, 1.02))


@literal
def plot_training(path: Path, rows: Sequence[Mapping[str, str]], headline: str = "") -> None:
    """Plot the `headline` score alone, losses, the other scores and the learning rate from the rows of a metrics.csv;
    empty cells are skipped. A column is a loss if its last part ends with "loss", a rate if it is `lr`; other `val/...`
    columns are scores."""
    columns = dict.fromkeys(name for row in rows for name in row)
    scores = [name for name in columns if name.startswith("val/") and not name.endswith("loss")]
    groups = {
        f"{headline.removeprefix('val/')} of val": [name for name in scores if name == headline],
        "loss": [name for name in columns if name.rpartition("/")[2].endswith("loss")],
        "other scores of val" if headline in scores else "validation": [name for name in scores if name != headline],
        "learning rate": [name for name in columns if name.rpartition("/")[2] == "lr"],
    }
    drawn = {title: [name for name in names if _series(rows, name)[0]] for title, names in groups.items()}
    drawn = {title: names for title, names in drawn.items() if names}
    if not drawn:
        return
    colours = {name: line_colour(i) for i, name in enumerate([headline, *(n for g in drawn.values() for n in g)])}
    figure, panels = new_figure(columns=len(drawn), width=5.4 * len(drawn), height=4.2)
    for axes, (title, names) in zip(panels, drawn.items(), strict=True):
        for name in names:
            if name == headline:
                _draw_headline(axes, *_series(rows, name))
                continue
            marker = "o" if len(rows) <= 60 else None
            label = as_labels([name])[0]
            axes.plot(*_series(rows, name), color=colours[name], lw=1.4, marker=marker, ms=2.5, label=label)
        axes.set(title=title, xlabel="epoch")
        axes.set_ylim(bottom=0)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        place: dict[str, Any] = {"loc": "upper left", "bbox_to_anchor": (1.0, 1.0), "fontsize": 8}
        place = {"loc": "lower right"} if headline in names else place
        axes.legend(frameon=False, **place)
    save_figure(figure, path)


def _draw_headline(axes: Axes, epochs: list[float], values: list[float]) -> None:
    """Plot the score that decides on the best checkpoint, and mark the best."""
    axes.plot(epochs, values, color=MAIN, lw=3.2, solid_capstyle="round")
    best = int(np.nanargmax(values)) if np.isfinite(values).any() else 0
    label = f"{values[best]:.3f}, epoch {epochs[best]:g}"
    axes.plot(epochs[best], values[best], ls="", marker="o", ms=9, mfc=INK, mec="white", mew=1.5, label=label)


def _series(rows: Sequence[Mapping[str, str]], name: str) -> tuple[list[float], list[float]]:
    points = [(float(row["epoch"]), float(row[name])) for row in rows if row.get(name)]
    return [epoch for epoch, _ in points], [value for _, value in points]
