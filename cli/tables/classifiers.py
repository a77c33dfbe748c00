"""mnv3 table 3, 4, 5 and figure7: the paper's classifiers with mnv3's costs and the top-1 that others publish."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from mnv3.backbones.classify.paper import functions, row_cost
from mnv3.cli.tables.rows import Timed, measured
from mnv3.cli.tables.tabular import DASH, EQUAL, LEFT, Column, Footnotes, Tabular, difference
from mnv3.tools.paper.classifiers.rows import PUBLISHERS, ClassifierRow, ClassifierTable
from mnv3.tools.paper.cost import Cost
from mnv3.tools.text.progress import counted

TOP1 = "top-1 on ImageNet, %"
COSTS = {"params": ("Params", "conv_params"), "madds": ("MAdds", "madds")}
"""Figure -> its heading and the field of `Cost` that the paper counts."""
PHONES = {
    "pixel1": "Pixel 1",
    "plain_pixel1": "Pixel 1, plain h-swish",
    "pixel2": "Pixel 2",
    "pixel3": "Pixel 3",
}
EQUALS = f"{EQUAL}: rounds to the printed figure. "
RULE = (
    "Params: weights and biases of convolutions and linear layers; trainable: "
    "batch norm's too. MAdds: of both. All with 1000 classes."
)


class Counted(NamedTuple):
    """A row with mnv3's cost (None for quoted rows) and latency in milliseconds (None unless measured)."""

    row: ClassifierRow
    cost: Cost | None
    latency: float | None


def counted_rows(table: ClassifierTable, timed: Timed | None) -> list[Counted]:
    """Return a table's rows with the costs of their networks, and with `timed` their latency."""
    networks = {row.name: row.network for row in table.rows if row.network}
    costs = {name: row_cost(networks[name]) for name in counted(list(networks), "counting", "networks", lines=False)}
    times = measured({name: functions(network) for name, network in networks.items()}, timed) if timed else {}
    return [Counted(row, costs.get(row.name), times.get(row.name, {}).get("latency")) for row in table.rows]


def tabular(table: ClassifierTable, items: Sequence[Counted], timed: Timed | None) -> Tabular:
    """Return the paper's columns, others' scores and mnv3's costs, with their notes."""
    notes, rows = Footnotes(), [item.row for item in items]
    publishers = [name for name in PUBLISHERS if any(name in row.published for row in rows)]
    columns = [
        Column("network", "", tuple(row.title if row.network else f"{row.title} (quoted)" for row in rows), LEFT),
        Column(TOP1, "paper", tuple(row.printed.get("top1", DASH) for row in rows)),
        *(Column(TOP1, name, tuple(_published(row, name, notes) for row in rows)) for name in publishers),
        *(column for key in COSTS for column in _costs(items, key, notes)),
    ]
    beside = any(key in row.printed for row in rows for key in COSTS)
    lines = [f"{EQUALS if beside else ''}{RULE}", *table.remarks, *notes.lines()]
    if publishers:
        lines.append(f"Top-1 besides the paper's: {'; '.join(f'{name}: {PUBLISHERS[name]}' for name in publishers)}.")
    if timed or not beside:  # the only cost that Tables 4 and 5 print
        phones = [key for key in PHONES if any(key in row.printed for row in rows)]
        columns += [
            Column("latency, ms", PHONES[key], tuple(row.printed.get(key, DASH) for row in rows)) for key in phones
        ]
    if timed:
        here = tuple("" if item.latency is None else f"{item.latency:.1f}" for item in items)
        columns.append(Column("latency, ms", "here", here))
        lines.append(timed.sentence)
    name = f"Figure {table.which[-1]}" if table.which.startswith("figure") else f"Table {table.which}"
    return Tabular(f"{name}: {table.title}", columns, lines)


def flat(items: Sequence[Counted], timed: Timed | None) -> list[dict[str, Any]]:
    """Return every figure of a row by name, unrounded, None if there is none."""
    units = {"top1": "", "params": "_M", "madds": "_M"} | dict.fromkeys(PHONES, "_ms")
    return [
        {
            "row": row.name,
            "network": row.title,
            "quoted": row.network is None,
            **{f"paper_{key}{unit}": _number(row.printed.get(key)) for key, unit in units.items()},
            **{f"top1_{name.strip('_').replace(' ', '_')}": _number(row.published.get(name)) for name in PUBLISHERS},
            "params": cost.conv_params if cost else None,
            "params_plain": cost.trainable_params if cost else None,
            "madds": cost.madds if cost else None,
            "latency_ms": latency,
            "latency_threads": timed.threads if timed else None,
            "notes": "; ".join(f"{key}: {note}" for key, note in row.notes.items()),
        }
        for row, cost, latency in items
    ]


def _published(row: ClassifierRow, name: str, notes: Footnotes) -> str:
    if name not in row.published:
        return DASH if row.network else ""
    return notes.mark(row.published[name], row.notes.get(name))


def _costs(items: Sequence[Counted], key: str, notes: Footnotes) -> list[Column]:
    """Return the paper's figure if the table has it, mnv3's, and the difference."""
    heading, counted_as = COSTS[key]
    counts = [None if item.cost is None else getattr(item.cost, counted_as) for item in items]
    if key == "params":
        ours = Column(heading, "ours", tuple("" if count is None else f"{count:,}" for count in counts))
    else:
        ours = Column(heading, "ours, M", tuple("" if count is None else f"{count / 1e6:.1f}" for count in counts))
    columns = [ours]
    if any(key in item.row.printed for item in items):
        paper = tuple(notes.mark(item.row.printed.get(key, DASH), item.row.notes.get(key)) for item in items)
        off = tuple(_off(item.row.printed.get(key), count) for item, count in zip(items, counts, strict=True))
        columns = [Column(heading, "paper, M", paper), ours, Column(heading, "diff", off)]
    if key == "params":
        trainable = tuple("" if item.cost is None else f"{item.cost.trainable_params:,}" for item in items)
        columns.append(Column(heading, "trainable", trainable))
    return columns


def _off(printed: str | None, ours: int | None) -> str:
    """Format the relative difference of a count from a printed figure in millions."""
    if printed is None or ours is None:
        return ""
    decimals = len(printed.partition(".")[2])
    equal = f"{EQUAL} " if f"{ours / 1e6:.{decimals}f}" == printed else ""
    return equal + difference(ours / 1e6, float(printed))


def _number(text: str | None) -> float | None:
    return None if text is None else float(text)
