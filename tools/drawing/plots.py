"""Plots of a run (confusion, scores by class) as PNG, written whole or not at all."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from mnv3.tools.drawing.fonts import as_labels, literal
from mnv3.tools.drawing.style import INK, MAIN, SECOND, new_figure, save_figure

HIGHEST = 400.0  # inches; a picture has 65,536 rows at most
NUMBERED_CELLS = 24  # with more classes there is no room for a number in a cell
MATRIX = (12.0, 30.0)  # inches of a matrix of so many
PAIRS, PAIRS_WIDTH, PAIR_NAME = 40, 6.5, 24  # most pairs, inches, letters of a name


@literal
def plot_confusion(path: Path, matrix: np.ndarray, names: Sequence[str], title: str, *, counts: bool = True) -> None:
    """Plot a confusion matrix twice: counts, and each row as shares of its sum. With many classes the second is large,
    and the pairs confused most often replace the first.

    Args:
        matrix: [K, K] counts, row = truth, column = prediction.
        names: K names; the last may be the background.
        counts: False plots shares of columns instead of counts, for counts too large to read (pixels).
    """
    count, named = len(names), as_labels(names)
    rows, columns = _shares(matrix, axis=1), _shares(matrix, axis=0)
    if count > NUMBERED_CELLS:
        side = float(np.clip(0.2 * count, *MATRIX))
        figure, (left, right) = new_figure(2, side + PAIRS_WIDTH, side, widths=(side, PAIRS_WIDTH))
        _draw_cells(left, rows, rows, "shares of each row", named, 36 * side / count)
        _draw_pairs(right, matrix, rows, as_labels(names, PAIR_NAME), counts)
    else:
        side = float(np.clip(2.6 + 0.42 * count, 4.4, 12.7))
        labels = 0.05 * max(map(len, named))
        figure, (left, right) = new_figure(2, 2 * (side + labels) + 0.8, side + labels + 0.6)
        # Counts are coloured on a root scale, so that one frequent class does not bleach all others.
        root = np.sqrt(matrix / max(1, matrix.max()))
        other = (matrix, root, "counts") if counts else (columns, columns, "shares of each column")
        for axes, kind in ((left, other), (right, (rows, rows, "shares of each row"))):
            _draw_cells(axes, *kind, named, 40 * side / count)
    figure.suptitle(title)
    save_figure(figure, path)


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
    figure, (axes,) = new_figure(columns=1, width=7.5, height=min(HIGHEST, 1.6 + 0.27 * max(3, len(names))))
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
    save_figure(figure, path)


def _shares(matrix: np.ndarray, axis: int) -> np.ndarray:
    """Return cells as shares of their sum along `axis`; 0 for an empty sum."""
    sums = matrix.sum(axis=axis, keepdims=True)
    return np.divide(matrix, sums, out=np.zeros(matrix.shape), where=sums > 0)


def _draw_cells(
    axes: Axes, cells: np.ndarray, shade: np.ndarray, title: str, names: Sequence[str], size: float
) -> None:
    """Draw a matrix in blue, with numbers if there is room; `size`: points of a label that fills its row."""
    count, size = len(names), float(np.clip(size, 4.5, 10))
    axes.imshow(shade, cmap="Blues", vmin=0, vmax=1, interpolation="nearest")
    axes.set(title=title, xlabel="predicted", ylabel="truth")
    axes.set_xticks(range(count), names, rotation=90 if count > 6 else 30, ha="center" if count > 6 else "right")
    axes.set_yticks(range(count), names)
    axes.tick_params(labelsize=size)
    axes.grid(False)
    if count <= NUMBERED_CELLS:
        _number_cells(axes, cells, shade, size)


def _draw_pairs(axes: Axes, matrix: np.ndarray, rows: np.ndarray, names: Sequence[str], counts: bool) -> None:
    """Draw the largest cells off the diagonal as bars: by count, without the background, or by the share of the row."""
    by = matrix * 1.0 if counts else rows
    off = np.where(np.eye(len(names), dtype=bool), 0, by)
    if counts:
        off[-1], off[:, -1] = 0, 0
    most = [(i, j) for i, j in zip(*np.unravel_index(np.argsort(-off, axis=None)[:PAIRS], off.shape), strict=True)]
    most = [(int(i), int(j)) for i, j in most if off[i, j] > 0]
    axes.barh(range(len(most)), [off[pair] for pair in most], color=SECOND, height=0.8)
    for place, (i, j) in enumerate(most):
        figure = f"{int(matrix[i, j])}, {rows[i, j]:.0%} of its row" if counts else f"{rows[i, j]:.1%} of its row"
        axes.text(0, place, f"  {names[i]} \u2192 {names[j]}:  {figure}", va="center", fontsize=10, color=INK)
    axes.set(title="classes confused most often, truth \u2192 prediction", ylim=(max(len(most), 1) - 0.4, -0.6))
    axes.set_axis_off()


def _number_cells(axes: Axes, cells: np.ndarray, shade: np.ndarray, size: float) -> None:
    for i, j in np.argwhere(cells > 0):
        value: Any = cells[i, j]
        text = f"{int(value)}" if np.issubdtype(cells.dtype, np.integer) else f"{value:.2f}"
        if text == "0.00":
            continue
        axes.text(
            j, i, text, ha="center", va="center", fontsize=size * 0.85, color="white" if shade[i, j] > 0.55 else INK
        )
