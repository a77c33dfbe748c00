"""Scatter plots with a name at every point, laid out to avoid overlaps."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import product
from math import cos, hypot, radians, sin
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter
from matplotlib.transforms import Bbox

from mnv3.tools.drawing.fonts import literal
from mnv3.tools.drawing.style import INK, line_colour, style_axes
from mnv3.tools.files.write import write_encoded

SOFTWARE = "mnv3 table"
"""PNG metadata that marks a picture as made by this program."""

DOTS = 110  # an inch
DIRECTIONS = (0, 180, 40, 140, -40, -140, 90, -90, 65, 115, -65, -115)  # degrees, in order of preference
DISTANCES = (9, 14, 22, 32, 44, 58)  # pixels from a point to its name
LEADER = 18  # from this distance a line connects the name and its point


@dataclass(frozen=True)
class Point:
    """A named point in the colour of its `family`; `hollow` ones are the paper's."""

    x: float
    y: float
    name: str
    family: str
    hollow: bool = False


@dataclass
class Panel:
    """Points on one pair of axes. A family in `joined` has a line through its points, hollow ones separately; `pairs`
    are joined by a dotted line and share the second one's name."""

    title: str
    x: str
    y: str
    points: list[Point] = field(default_factory=list)
    pairs: list[tuple[Point, Point]] = field(default_factory=list)
    joined: frozenset[str] = frozenset()


@literal
def save_panels(path: Path, title: str, panels: Sequence[Panel], note: str) -> None:
    """Draw `panels`, two per row, x on a log scale, as a PNG with `note` below."""
    columns = min(2, len(panels))
    rows = -(-len(panels) // columns)
    figure = Figure(figsize=(7.2 * columns, 5.2 * rows + 0.4), layout="constrained", dpi=DOTS)
    canvas = FigureCanvasAgg(figure)
    figure.suptitle(title, color=INK, fontsize=13)
    figure.supxlabel(note, color=INK, fontsize=8.5)
    families = dict.fromkeys(point.family for panel in panels for point in panel.points)
    colours = {family: line_colour(number) for number, family in enumerate(families)}
    drawn = []
    for number, panel in enumerate(panels):
        axes = figure.add_subplot(rows, columns, number + 1)
        _draw(axes, panel, colours)
        drawn.append((axes, panel))
    canvas.draw()
    figure.set_layout_engine("none")  # names are laid out in pixels: nothing may move from here on
    for axes, panel in drawn:
        _name(axes, panel, colours, canvas)
    write_encoded(path, figure.savefig, dpi=DOTS, metadata={"Software": SOFTWARE})


def _draw(axes: Axes, panel: Panel, colours: dict[str, str]) -> None:
    axes.set(title=panel.title, xlabel=panel.x, ylabel=panel.y, xscale="log")
    for family, colour in colours.items():
        for hollow in (True, False):
            line = sorted((p.x, p.y) for p in panel.points if (p.family, p.hollow) == (family, hollow))
            if line:
                face = "white" if hollow else colour
                style = {"mfc": face, "mec": colour, "ms": 7, "mew": 1.6, "marker": "o"}
                if family in panel.joined:
                    axes.plot(*zip(*line, strict=True), color=colour, lw=0.8, alpha=0.35, zorder=1)
                axes.plot(*zip(*line, strict=True), ls="", zorder=3, **style)
    for one, other in panel.pairs:
        axes.plot((one.x, other.x), (one.y, other.y), color=INK, lw=0.8, ls=":", zorder=2)
    axes.margins(0.14, 0.12)
    axes.autoscale_view()
    if len(panel.points) == 1:  # nothing else sets the scale
        axes.set_ylim(0, max(1.0, 1.3 * panel.points[0].y))
    style_axes(axes, which="both")
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 1.5, 2, 3, 4, 5, 7)))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.set_axisbelow(True)


def _name(axes: Axes, panel: Panel, colours: dict[str, str], canvas: FigureCanvasAgg) -> None:
    """Place every name next to its point, where it covers the least of other names and points."""
    places = [tuple(axes.transData.transform((point.x, point.y))) for point in panel.points]
    taken = [Bbox.from_extents(x - 6, y - 6, x + 6, y + 6) for x, y in places]
    inside = axes.get_window_extent()
    named_by_other = {first for first, _ in panel.pairs}
    for point, (x, y) in sorted(zip(panel.points, places, strict=True), key=lambda item: (-item[1][1], item[1][0])):
        if point in named_by_other:
            continue
        text = axes.annotate(
            point.name, (point.x, point.y), (0, 0), textcoords="offset pixels", fontsize=8, color=colours[point.family]
        )
        size = text.get_window_extent(canvas.get_renderer())
        dx, dy = min(_offsets(size.width, size.height), key=lambda offset: _cost(x, y, offset, size, taken, inside))
        text.set_position((dx, dy))
        box = Bbox.from_bounds(x + dx, y + dy, size.width, size.height)
        taken.append(box)
        near = min(max(x, box.x0), box.x1), min(max(y, box.y0), box.y1)
        if hypot(near[0] - x, near[1] - y) > LEADER:
            ends = axes.transData.inverted().transform(((x, y), near))
            axes.plot(ends[:, 0], ends[:, 1], color=colours[point.family], lw=0.6, alpha=0.7, zorder=2)


def _offsets(width: float, height: float) -> list[tuple[float, float]]:
    """Return the offsets from a point at which its name's lower left corner can be."""
    found = []
    for distance, degrees in product(DISTANCES, DIRECTIONS):
        across, up = cos(radians(degrees)), sin(radians(degrees))
        left = distance * across + (0 if across > 0.2 else -width if across < -0.2 else -width / 2)
        bottom = distance * up + (0 if up > 0.8 else -height if up < -0.8 else -height / 2)
        found.append((left, bottom))
    return found


def _cost(
    x: float, y: float, offset: tuple[float, float], size: Bbox, taken: Sequence[Bbox], inside: Bbox
) -> tuple[float, float]:
    """Return the pixels of a name that cover others or leave the axes, and its distance."""
    box = Bbox.from_bounds(x + offset[0] - 1, y + offset[1] - 1, size.width + 2, size.height + 2)
    covered = sum(_area(Bbox.intersection(box, other)) for other in taken)
    outside = box.width * box.height - _area(Bbox.intersection(box, inside))
    middle = offset[0] + size.width / 2, offset[1] + size.height / 2
    return covered + outside, hypot(max(abs(middle[0]) - size.width / 2, 0), max(abs(middle[1]) - size.height / 2, 0))


def _area(box: Bbox | None) -> float:
    return 0.0 if box is None else box.width * box.height
