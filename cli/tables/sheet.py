"""A table of the paper with mnv3's numbers, as text and as flat records."""

from collections.abc import Callable, Sequence
from typing import Any

from mnv3.cli.tables import released
from mnv3.cli.tables.rows import Record, Timed
from mnv3.cli.tables.tabular import DASH, EQUAL, LEFT, Column, Footnotes, Tabular, difference
from mnv3.cli.tasks import task_of_table
from mnv3.tools.paper.tables import PaperTable, Row
from mnv3.tools.runs.scores import Score

NAMES = {"coco": "COCO", "cityscapes": "Cityscapes"}
PHONE = {6: "Pixel 1", 7: "Pixel 3", 8: "Pixel 3"}
"""Table -> phone; the paper measured latency on one of its large cores."""
MILLION, BILLION = "M", "B"
UNITS = {MILLION: 1e6, BILLION: 1e9}
PAPER_UNITS = {"params": "_M", "madds": "_B", "half_madds": "_B"} | dict.fromkeys(
    ("latency", "half_latency", "latency_v1"), "_ms"
)


def tabular(table: PaperTable, records: Sequence[Record], timed: Timed | None) -> Tabular:
    """Return the paper's columns and mnv3's, with their notes."""
    notes, title = Footnotes(), f"Table {table.number}: {table.title}"
    costs = [
        *_params(table, records, notes),
        *_madds("MAdds", "madds", records, notes, plain=_differ(records, "madds", "madds_plain")),
        *(_madds("MAdds, half size", "half_madds", records, notes) if _printed(records, "half_madds") else []),
        *(_latencies(table, records) if timed else []),
    ]
    columns = [
        Column("network", "", tuple(_title(record.row) for record in records), LEFT),
        *_scores(table, records),
        *released.columns(table, records, notes),
        *costs,
    ]
    quoted = [number for number, record in enumerate(records) if record.row.quoted]
    lines = [
        f"{EQUAL}: rounds to the printed figure. {task_of_table(table.number).table_rule}",
        *notes.lines(),
        *_sources(table, records),
    ]
    if timed:
        lines.append(timed.sentence)
    return Tabular(title, columns, lines, tuple(quoted[:1]))


def flat(table: PaperTable, records: Sequence[Record], timed: Timed | None) -> list[dict[str, Any]]:
    """Return every figure of a row by name, unrounded, None if there is none."""
    return [
        {
            "row": record.row.name,
            "network": record.row.title,
            "quoted": record.row.quoted,
            **{f"paper_{key}{PAPER_UNITS.get(key, '')}": record.row.figures.get(key) for key in _keys(table)},
            f"paper_{table.score}_on": f"{table.dataset} {table.split}",
            **_flat_cost(record),
            **{f"{key}_ms": record.latency.get(key) for key in ("latency", "half_latency")},
            "latency_threads": timed.threads if timed else None,
            **_flat_score("", table, record.score),
            **_flat_score("other_", table, record.other),
            **released.flat(table, record),
            "notes": "; ".join(f"{key}: {note}" for key, note in record.row.notes.items()),
        }
        for record in records
    ]


def percent(score: Score, decimals: int = 1) -> str:
    """Format a score as in the paper: in percent, without the sign."""
    return f"{100 * score.value:.{decimals}f}"


def _title(row: Row) -> str:
    return f"{row.title} (quoted)" if row.quoted else row.title


def _keys(table: PaperTable) -> list[str]:
    return list(dict.fromkeys(key for row in table.rows for key in row.printed))


def _printed(records: Sequence[Record], key: str) -> bool:
    return any(key in record.row.printed for record in records)


def _differ(records: Sequence[Record], key: str, plain: str) -> bool:
    """Whether the table's counting rule differs from the plain one."""
    return any(record.cost and getattr(record.cost, key) != getattr(record.cost, plain) for record in records)


def _decimals(record: Record, key: str) -> int:
    return len(record.row.printed[key].partition(".")[2])


def _scores(table: PaperTable, records: Sequence[Record]) -> list[Column]:
    key, name = table.score, NAMES[table.dataset]

    def cell(record: Record, score: Score | None) -> str:
        if score is None:
            return "" if record.row.quoted else DASH
        return percent(score, _decimals(record, key))

    splits = dict.fromkeys(record.score.split for record in records if record.score)
    columns = [
        Column(key, f"paper, {table.split}", tuple(record.row.printed[key] for record in records)),
        Column(key, f"ours, {' or '.join(splits) or 'val'}", tuple(cell(record, record.score) for record in records)),
    ]
    columns = [Column(f"{key} on {name}", column.name, column.cells) for column in columns]
    if any(record.other for record in records):
        cells = [f"{cell(r, r.other)} {r.other.data}" if r.other else cell(r, None) for r in records]
        columns.append(Column(f"{key} elsewhere", "ours", tuple(cells)))
    return columns


def _params(table: PaperTable, records: Sequence[Record], notes: Footnotes) -> list[Column]:
    group = "Params"
    ours = Column(group, "ours", _cells(records, lambda record: f"{record.cost.params:,}"))
    columns = [*_beside(group, "params", ours, records, notes, MILLION)] if _printed(records, "params") else [ours]
    if _differ(records, "params", "params_plain"):
        columns.append(Column(group, "trainable", _cells(records, lambda record: f"{record.cost.params_plain:,}")))
    return columns


def _madds(group: str, key: str, records: Sequence[Record], notes: Footnotes, plain: bool = False) -> list[Column]:
    ours = Column(group, "ours, B", _cells(records, lambda record: f"{getattr(record.cost, key) / 1e9:.4f}"))
    columns = _beside(group, key, ours, records, notes, BILLION)
    if plain:
        columns.append(
            Column(group, "plain, B", _cells(records, lambda record: f"{record.cost.madds_plain / 1e9:.4f}"))
        )
    return columns


def _beside(group: str, key: str, ours: Column, records: Sequence[Record], notes: Footnotes, unit: str) -> list[Column]:
    """Return the paper's figure, mnv3's, and the relative difference."""
    paper = tuple(notes.mark(r.row.printed.get(key, DASH), r.row.notes.get(key)) for r in records)
    return [
        Column(group, f"paper, {unit}", paper),
        ours,
        Column(group, "diff", _cells(records, lambda r: _off(r, key, unit))),
    ]


def _off(record: Record, key: str, unit: str) -> str:
    ours = getattr(record.cost, key) / UNITS[unit]
    equal = f"{EQUAL} " if f"{ours:.{_decimals(record, key)}f}" == record.row.printed[key] else ""
    return equal + difference(ours, record.row.figures[key])


def _cells(records: Sequence[Record], cell: Callable[[Any], str]) -> tuple[str, ...]:
    """Return the cells of rows with a cost; empty for quoted rows."""
    return tuple("" if record.cost is None else cell(record) for record in records)


def _latencies(table: PaperTable, records: Sequence[Record]) -> list[Column]:
    columns = []
    for key, size in (("latency", ""), ("half_latency", "half: ")):
        if _printed(records, key):
            paper = tuple(f"{r.row.figures[key]:.0f}" if key in r.row.figures else DASH for r in records)
            here = _cells(records, lambda record, key=key: f"{record.latency[key]:.1f}")
            columns.append(Column("latency, ms", f"{size}{PHONE[table.number]}", paper))
            columns.append(Column("latency, ms", f"{size}here", here))
    return columns


def _sources(table: PaperTable, records: Sequence[Record]) -> list[str]:
    """Return a line about the origin of each score."""
    found = [(record, score) for record in records for score in (record.score, record.other) if score]
    lines = [
        f"{record.row.title}: {table.score} {percent(score, 2)} on {score.data}, seed {score.seed}, {score.checkpoint}."
        for record, score in found
    ]
    if any(record.other for record in records):
        lines.append(
            "Scores elsewhere are on other images than the paper's and are not comparable with the other columns."
        )
    return lines


def _flat_cost(record: Record) -> dict[str, Any]:
    cost = record.cost
    if cost is None:
        return dict.fromkeys(("params", "params_plain", "madds", "madds_plain", "half_madds"))
    return cost._asdict()


def _flat_score(prefix: str, table: PaperTable, score: Score | None) -> dict[str, Any]:
    value = None if score is None else 100 * score.value
    how = {"on": score.data, "seed": score.seed, "checkpoint": str(score.checkpoint)} if score else {}
    return {f"{prefix}{table.score}": value, **{f"{prefix}{key}": how.get(key) for key in ("on", "seed", "checkpoint")}}
