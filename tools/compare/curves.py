"""Curves of several runs in one picture: score and loss over epochs, a row of panels per task and data set."""

from collections.abc import Sequence
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from mnv3.tools.compare.tables import Entry
from mnv3.tools.drawing.fonts import as_labels, literal
from mnv3.tools.drawing.style import INK, LINES, line_colour, style_axes
from mnv3.tools.files.write import write_encoded
from mnv3.tools.text.plain import plain

STYLES = ("-", "--", ":", "-.")  # of the first ten runs, the second ten, ...
SOFTWARE = "mnv3 compare"
"""PNG metadata that marks a picture as made by this program."""
ROW = 3.5  # inches
LINE = 0.2  # of the legend, inches


@literal
def draw_curves(path: Path, rows: Sequence[tuple[str, str, Sequence[Entry]]]) -> bool:
    """Write the picture to `path`; return False, without writing, if no run has epochs.
    Each of `rows`: a title, the score's name, and the runs drawn into that row of panels."""
    drawn = [(title, score, _with_epochs(entries)) for title, score, entries in rows]
    drawn = [row for row in drawn if row[2]]
    if not drawn:
        return False
    heights = [max(ROW, LINE * len(entries) + 0.8) for _, _, entries in drawn]
    figure = Figure(figsize=(12.5, sum(heights)), layout="constrained")
    panels = figure.subplots(len(drawn), 2, squeeze=False, height_ratios=heights)
    for (title, score, entries), (left, right) in zip(drawn, panels, strict=True):
        _panel(left, f"val/{score}", f"{score} of {plain(title)}", entries, best=True)
        _panel(right, "train/loss", "training loss", entries, best=False)
        named = zip(entries, as_labels([shortened(e.title) for e in entries]), strict=True)
        handles = [right.plot([], [], color=colour(e), ls=style(e), lw=2, label=name)[0] for e, name in named]
        right.legend(handles=handles, loc="upper left", bbox_to_anchor=(1.02, 1.0), frameon=False, fontsize=9)
    about = {"Software": SOFTWARE}
    write_encoded(path, figure.savefig, dpi=110, bbox_inches="tight", pad_inches=0.12, metadata=about)
    return True


def colour(entry: Entry) -> str:
    """Return the colour of a run, the same in all panels."""
    return line_colour(entry.number - 1)


def style(entry: Entry) -> str:
    """Return the line style of a run."""
    return STYLES[(entry.number - 1) // len(LINES) % len(STYLES)]


def shortened(text: str, most: int = 44) -> str:
    """Return `text` with dots in its middle if it is longer than `most`."""
    return text if len(text) <= most else f"{text[: most // 2]} ... {text[-most // 2 + 5 :]}"


def _with_epochs(entries: Sequence[Entry]) -> list[Entry]:
    return [entry for entry in entries if entry.run.history]


def _panel(axes: Axes, column: str, title: str, entries: Sequence[Entry], best: bool) -> None:
    """Plot a column of the history over the epochs; `best` marks each run's highest value."""
    for entry in entries:
        points = [(row["epoch"], row[column]) for row in entry.run.history if column in row]
        if not points:
            continue
        marker = "o" if len(points) < 3 else None
        axes.plot(*zip(*points, strict=True), color=colour(entry), ls=style(entry), lw=1.8, marker=marker, ms=4)
        if best:
            axes.plot(*max(points, key=lambda point: point[1]), color=colour(entry), marker="o", ms=6, mec="white")
    axes.set_title(title, color=INK, fontsize=11)
    axes.set_xlabel("epoch", color=INK)
    axes.set_ylim(bottom=0)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    style_axes(axes)
