"""mnv3 table 3 format=png (4, 5, figure7): top-1 against multiply-adds, and against the paper's latency."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from mnv3.cli.tables.classifiers import TOP1, Counted
from mnv3.tools.drawing.scatter import Panel, Point, save_panels

FILLED = "Paddle"
"""The publisher with most scores of other multipliers."""


def draw(path: Path, title: str, items: Sequence[Counted]) -> None:
    """Draw the rows that have a top-1 into a PNG at `path`."""
    madds = Panel("multiply-adds", "MAdds, M", TOP1, joined=frozenset({"V3-Large", "V3-Small"}))
    phone = Panel("latency in the paper", "ms, one large core of a Pixel 1", TOP1)
    for item in items:
        row = item.row
        x = item.cost.madds / 1e6 if item.cost else float(row.printed["madds"])
        both = []
        if "top1" in row.printed:
            both.append(Point(x, float(row.printed["top1"]), row.title, _family(item), hollow=True))
            if "pixel1" in row.printed:
                phone.points.append(replace(both[0], x=float(row.printed["pixel1"])))
        if FILLED in row.published:
            both.append(Point(x, float(row.published[FILLED]), row.title, _family(item)))
        madds.points += both
        madds.pairs += [(both[0], both[1])] if len(both) == 2 else []
    filled = f"; filled: {FILLED}'s" if any(not point.hollow for point in madds.points) else ""
    save_panels(path, title, [panel for panel in (madds, phone) if panel.points], f"hollow: the paper's{filled}")


def _family(item: Counted) -> str:
    return item.row.title.replace(",", " ").split()[0] if item.row.network else "quoted"
