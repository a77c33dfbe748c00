"""Plots of a run (precision-recall, confusion, AP by class, training curves) as PNG, written whole or not at all.

Figures are made without pyplot, so that plotting opens no window and leaves no global state.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from mnv3.tools.drawing.fonts import as_labels, literal
from mnv3.tools.drawing.paint import class_colour
from mnv3.tools.files.write import write_encoded

INK = "#1f2430"
FAINT = "#c9ced6"
MAIN = "#1f6fd6"
SECOND = "#a8c8f0"
NAMED_LINES = 12  # more lines are indistinguishable: they turn grey, and only the mean is named
HIGHEST = 400.0  # inches; a picture has 65,536 rows at most
NUMBERED_CELLS = 24  # with more classes there is no room for a number in a cell


@literal
def plot_pr_curves(
    path: Path, recall: np.ndarray, precision: Mapping[str, np.ndarray], names: Sequence[str], colours: Sequence[int]
) -> None:
    """Plot precision against recall, one panel per matching rule.

    Args:
        recall: [R], 0..1.
        precision: panel title -> [R, K] in 0..1, NaN for a class without ground truth.
        names: K class names.
        colours: K palette indices.
    """
    named = as_labels(names)
    figure, panels = _figure(columns=len(precision), width=6.2 * len(precision), height=5.2)
    for axes, (title, curves) in zip(panels, precision.items(), strict=True):
        known = [k for k in range(len(names)) if np.isfinite(curves[:, k]).all()]
        order = sorted(known, key=lambda k: -curves[:, k].mean())
        many = len(known) > NAMED_LINES
        for k in order:
            colour = FAINT if many else _rgb(colours[k])
            label = None if many else f"{named[k]}  {curves[:, k].mean():.3f}"
            axes.plot(recall, curves[:, k], color=colour, lw=0.7 if many else 1.6, label=label)
        if known:
            mean = curves[:, known].mean(axis=1)
            axes.plot(recall, mean, color=INK, lw=2.8, label=f"mean of {len(known)}  {mean.mean():.3f}")
            axes.legend(loc="best", frameon=False, title="AP", alignment="left")
        axes.set(title=title, xlabel="recall", ylabel="precision", xlim=(0, 1), ylim=(0, 1.02))
    _save(figure, path)


@literal
def plot_confusion(path: Path, matrix: np.ndarray, names: Sequence[str], title: str, *, counts: bool = True) -> None:
    """Plot a confusion matrix twice: counts, and each row as shares of its sum.

    Args:
        matrix: [K, K] counts, row = truth, column = prediction.
        names: K names; the last may be the background.
        counts: False plots shares of columns instead of counts, for counts too large to read (pixels).
    """
    count, named = len(names), as_labels(names)
    side = float(np.clip(2.6 + 0.42 * count, 4.4, 15.0))
    figure, panels = _figure(columns=2, width=2 * side + 0.8, height=side + 0.6)
    figure.suptitle(title)
    size = float(np.clip(40 * side / count, 4.5, 10))  # points: about half a cell
    rows, columns = _shares(matrix, axis=1), _shares(matrix, axis=0)
    # Counts are coloured on a root scale, so that one frequent class does not bleach all others.
    root = np.sqrt(matrix / max(1, matrix.max()))
    other = ("counts", matrix, root) if counts else ("shares of each column", columns, columns)
    for axes, (kind, cells, shade) in zip(panels, (other, ("shares of each row", rows, rows)), strict=True):
        axes.imshow(shade, cmap="Blues", vmin=0, vmax=1, interpolation="nearest")
        axes.set(title=kind, xlabel="predicted", ylabel="truth")
        axes.set_xticks(range(count), named, rotation=90 if count > 6 else 0, fontsize=size)
        axes.set_yticks(range(count), named, fontsize=size)
        axes.grid(False)
        if count <= NUMBERED_CELLS:
            _number_cells(axes, cells, shade, size)
    _save(figure, path)


@literal
def plot_class_scores(
    path: Path, scores: Mapping[str, float], title: str, *, under: Mapping[str, float] | None = None, labels: str = ""
) -> None:
    """Plot horizontal bars, best class first, with the mean as a line.

    Args:
        scores: class name -> value in 0..1; NaN (no ground truth) is left out.
        under: a second, larger value per class, as a pale bar underneath.
        labels: names of the two, "AP|AP50".
    """
    known = {name: value for name, value in scores.items() if np.isfinite(value)}
    names = sorted(known, key=lambda name: known[name])
    figure, (axes,) = _figure(columns=1, width=7.5, height=min(HIGHEST, 1.6 + 0.27 * max(3, len(names))))
    legend = labels.split("|") if labels else ["", ""]
    rows = np.arange(len(names))
    if under is not None:
        axes.barh(rows, [under[name] for name in names], color=SECOND, height=0.78, label=legend[1])
    axes.barh(rows, [known[name] for name in names], color=MAIN, height=0.5 if under else 0.78, label=legend[0])
    for row, name in enumerate(names):
        end = max(known[name], under[name]) if under is not None else known[name]
        text = f"{known[name]:.3f}" if under is None else f"{known[name]:.3f} | {under[name]:.3f}"
        ground = {"facecolor": "white", "edgecolor": "none", "pad": 0.6}  # keeps the mean's line off the figures
        axes.text(end + 0.01, row, text, va="center", fontsize=8, color=INK, bbox=ground)
    if names:
        mean = float(np.mean(list(known.values())))
        axes.axvline(mean, color=INK, lw=1.2, ls="--", label=f"mean {mean:.3f}")
        figure.legend(loc="outside lower center", ncols=3, frameon=False)
    axes.set_yticks(rows, as_labels(names), fontsize=9)
    axes.set(title=title, xlim=(0, 1.14), ylim=(-0.6, max(len(names), 1) - 0.4))
    axes.grid(axis="y", visible=False)
    _save(figure, path)


@literal
def plot_training(path: Path, rows: Sequence[Mapping[str, str]]) -> None:
    """Plot losses, scores and learning rate from the rows of a metrics.csv; empty cells are skipped.
    A column is a loss if its last part ends with "loss", a rate if it is `lr`; other `val/...` columns are scores."""
    columns = dict.fromkeys(name for row in rows for name in row)
    groups = {
        "loss": [name for name in columns if name.rpartition("/")[2].endswith("loss")],
        "validation": [name for name in columns if name.startswith("val/") and not name.endswith("loss")],
        "learning rate": [name for name in columns if name.rpartition("/")[2] == "lr"],
    }
    plotted = {title: names for title, names in groups.items() if any(_series(rows, name)[0] for name in names)}
    if not plotted:
        return
    figure, panels = _figure(columns=len(plotted), width=5.4 * len(plotted), height=4.2)
    for axes, (title, names) in zip(panels, plotted.items(), strict=True):
        for i, name in enumerate(names):
            epochs, values = _series(rows, name)
            if epochs:
                label = as_labels([name])[0]
                axes.plot(epochs, values, color=_rgb(9 - i if i < 9 else i), lw=1.8, marker="o", ms=3, label=label)
        axes.set(title=title, xlabel="epoch")
        axes.set_ylim(bottom=0)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False, fontsize=8)
    _save(figure, path)


def _series(rows: Sequence[Mapping[str, str]], name: str) -> tuple[list[float], list[float]]:
    points = [(float(row["epoch"]), float(row[name])) for row in rows if row.get(name)]
    return [epoch for epoch, _ in points], [value for _, value in points]


def _figure(columns: int, width: float, height: float) -> tuple[Figure, list[Axes]]:
    """Return a figure (inches) with a row of panels in a uniform style."""
    figure = Figure(figsize=(width, height), layout="constrained")
    panels: list[Axes] = [figure.add_subplot(1, columns, i + 1) for i in range(columns)]
    for axes in panels:
        style_axes(axes)
        axes.set_axisbelow(True)
    return figure, panels


def style_axes(axes: Axes, **ticks: Any) -> None:
    """Apply the uniform style: no frame on top and right, faint lines. `ticks`: further options of the ticks."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(FAINT)
    axes.tick_params(color=FAINT, labelcolor=INK, **ticks)
    axes.grid(color=FAINT, lw=0.5, alpha=0.7)


def _shares(matrix: np.ndarray, axis: int) -> np.ndarray:
    """Return cells as shares of their sum along `axis`; 0 for an empty sum."""
    sums = matrix.sum(axis=axis, keepdims=True)
    return np.divide(matrix, sums, out=np.zeros(matrix.shape), where=sums > 0)


def _number_cells(axes: Axes, cells: np.ndarray, shade: np.ndarray, size: float) -> None:
    for i, j in np.argwhere(cells > 0):
        value: Any = cells[i, j]
        text = f"{int(value)}" if np.issubdtype(cells.dtype, np.integer) else f"{value:.2f}"
        if text == "0.00":
            continue
        axes.text(
            j, i, text, ha="center", va="center", fontsize=size * 0.85, color="white" if shade[i, j] > 0.55 else INK
        )


def _rgb(index: int) -> tuple[float, float, float]:
    """Return the palette's colour, slightly darker because lines lie on white."""
    red, green, blue = class_colour(index)
    return (red / 300, green / 300, blue / 300)


def _save(figure: Figure, path: Path) -> None:
    write_encoded(path, figure.savefig, dpi=110, bbox_inches="tight", pad_inches=0.12)
