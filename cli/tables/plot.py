"""mnv3 table format=png: quality against multiply-adds and latency, the paper's points and mnv3's."""

from collections.abc import Sequence
from pathlib import Path

from mnv3.cli.tables.rows import Record, Timed
from mnv3.cli.tables.sheet import NAMES, PHONE
from mnv3.tools.drawing.scatter import Panel, Point, save_panels
from mnv3.tools.paper.tables import PaperTable
from mnv3.tools.runs.scores import Score

JOINED = {6: frozenset({"V2", "MnasNet-A1", "V3-Large", "V3-Small"}), 8: frozenset({"V3-Large", "V3-Small"})}
"""Table -> families whose rows differ in only one property."""


def draw(path: Path, table: PaperTable, records: Sequence[Record], timed: Timed | None) -> None:
    """Draw `records` into a PNG at `path`."""
    half = any(record.row.quoted for record in records)  # for quoted rows the paper has only these
    madds, latency = ("half_madds", "half_latency") if half else ("madds", "latency")
    size = ", half size" if half else ""
    quality = f"{table.score} on {NAMES[table.dataset]}, %"
    phone = Panel("latency in the paper", f"ms, one core of a {PHONE[table.number]}{size}", quality)
    phone.points = [_papers(record, table, record.row.figures[latency]) for record in records if not record.row.quoted]
    panels = [_beside(Panel("multiply-adds", f"MAdds, B{size}", quality), table, records, madds), phone]
    if timed:
        here = Panel("latency here", f"ms, CPU, {timed.words}{size}", quality)
        panels.append(_measured(here, table, records, latency))
    panels += _elsewhere(table, records)
    for panel in panels:
        panel.joined = JOINED.get(table.number, frozenset())
    save_panels(path, f"Table {table.number}: {table.title}", panels, _note(table, records))


def _beside(panel: Panel, table: PaperTable, records: Sequence[Record], key: str) -> Panel:
    """Add the paper's points, joined to mnv3's where there is a score on the same data."""
    for record in records:
        paper = _papers(record, table, record.row.figures[key])
        panel.points.append(paper)
        if record.score:
            ours = _ours(record, record.score, getattr(record.cost, key) / 1e9)
            panel.points.append(ours)
            panel.pairs.append((paper, ours))
    return panel


def _measured(panel: Panel, table: PaperTable, records: Sequence[Record], key: str) -> Panel:
    """Add latency measured here, at mnv3's score if there is one, else at the paper's."""
    for record in records:
        if key in record.latency:
            time = record.latency[key]
            ours = _ours(record, record.score, time) if record.score else _papers(record, table, time)
            panel.points.append(ours)
    return panel


def _elsewhere(table: PaperTable, records: Sequence[Record]) -> list[Panel]:
    """Return a panel of scores on the other data set that has most of them, empty if there is none."""
    data = [record.other.data for record in records if record.other]
    if not data:
        return []
    most = max(data, key=data.count)
    panel = Panel(f"ours on {most}", "MAdds, B", f"{table.score} on {most}, %")
    for record in records:
        if record.other and record.other.data == most and record.cost:
            panel.points.append(_ours(record, record.other, record.cost.madds / 1e9))
    return [panel]


def _papers(record: Record, table: PaperTable, x: float) -> Point:
    return Point(x, record.row.figures[table.score], record.row.title, _family(record), hollow=True)


def _ours(record: Record, score: Score, x: float) -> Point:
    return Point(x, 100 * score.value, record.row.title, _family(record))


def _family(record: Record) -> str:
    """Return MobileNetV1, V2, MnasNet-A1, V3-Large or V3-Small, or "quoted" for a quoted network."""
    return "quoted" if record.row.quoted else record.row.title.replace(",", " ").split()[0]


def _note(table: PaperTable, records: Sequence[Record]) -> str:
    ours = "filled: mnv3" if any(record.score for record in records) else "no score of mnv3 on that data yet"
    return f"hollow: the paper's, on {NAMES[table.dataset]} {table.split}; {ours}"
