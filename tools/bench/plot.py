"""The times of a benchmark as bars."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from mnv3.tools.bench.report import in_ms
from mnv3.tools.drawing.fonts import literal
from mnv3.tools.drawing.style import FAINT, INK, line_colour
from mnv3.tools.files.write import write_encoded

ROW = 0.34  # inches
WIDTH = 9.0
GROUND = {"facecolor": "white", "edgecolor": "none", "pad": 0.6}  # keeps lines off the figures
MOST_WHISKER = 1.5  # of the longest bar: a whisker beyond is cut off, lest the bars be too short to compare


@literal
def plot_timings(path: Path, found: Sequence[Mapping[str, Any]], heading: str) -> None:
    """Medians with a whisker to the ninth decile. A panel a title, a row a contestant, a colour a number of threads.

    Args:
        found: of `tools.bench.report.record`.
        heading: machine and versions.
    """
    panels: dict[str, list[Mapping[str, Any]]] = {}
    for item in found:
        panels.setdefault(item["title"], []).append(item)
    heights = [1.0 + ROW * sum(len(item["contestants"]) for item in items) for items in panels.values()]
    figure = Figure(figsize=(WIDTH, sum(heights) + 0.6), layout="constrained")
    figure.suptitle(heading, fontsize=9, color=INK)
    axes = figure.subplots(len(panels), 1, squeeze=False, height_ratios=heights)[:, 0]
    for panel, (title, items) in zip(axes, panels.items(), strict=True):
        _bars(panel, items)
        panel.set_title(title, fontsize=10, loc="left", color=INK)
    write_encoded(path, figure.savefig, dpi=110, bbox_inches="tight", pad_inches=0.12)


def _bars(axes: Any, items: Sequence[Mapping[str, Any]]) -> None:
    names = list(dict.fromkeys(name for item in items for name in item["contestants"]))
    thick = 0.8 / len(items)
    rows = [row for item in items for row in item["contestants"].values()]
    longest = min(max(row["p90"] for row in rows), MOST_WHISKER * max(row["median"] for row in rows))
    for number, item in enumerate(items):
        threads, colour = item["threads"], line_colour(number)
        label = None if threads is None else f"{threads} thread{'s' * (threads > 1)}"
        for name, row in item["contestants"].items():
            y = names.index(name) + (number - (len(items) - 1) / 2) * thick
            median, p90 = row["median"], row["p90"]
            whisker = [[0], [p90 - median]]
            axes.barh(y, median, thick * 0.9, color=colour, xerr=whisker, ecolor=INK, capsize=2, label=label)
            place = min(p90, longest) + 0.01 * longest
            axes.text(place, y, f"{in_ms(median)} ms", va="center", fontsize=8, color=INK, bbox=GROUND)
            label = None
    axes.set_yticks(range(len(names)), names, fontsize=9)
    axes.invert_yaxis()
    axes.set_xlim(0, longest * 1.13)
    scale, unit = (1, "s") if longest >= 2 else (1e3, "ms")
    axes.xaxis.set_major_formatter(lambda value, _: f"{value * scale:g} {unit}")
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(FAINT)
    axes.tick_params(color=FAINT, labelcolor=INK, labelsize=8)
    axes.grid(axis="x", color=FAINT, lw=0.5, alpha=0.7)
    axes.set_axisbelow(True)
    if len(items) > 1:
        axes.legend(loc="best", frameon=False, fontsize=8)
