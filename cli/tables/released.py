"""The column of released weights: what others state of them, and their score here."""

from collections.abc import Sequence
from typing import Any

from mnv3.cli.tables.rows import Record
from mnv3.cli.tables.tabular import LEFT, Column, Footnotes
from mnv3.tools.paper.released import OF_ROWS, Release
from mnv3.tools.paper.tables import PaperTable
from mnv3.tools.runs.scores import Score

NONE = "-"


def columns(table: PaperTable, records: Sequence[Record], notes: Footnotes) -> list[Column]:
    """Return the column, if any row of the table has released weights."""
    if not any(record.row.name in OF_ROWS for record in records):
        return []
    cells = tuple(_cell(table, record, notes) for record in records)
    return [Column("released weights", table.score, cells, LEFT)]


def flat(table: PaperTable, record: Record) -> dict[str, Any]:
    """Return the figures of a row's release by name: its publisher's, all that are published, and the score here."""
    release, score = OF_ROWS.get(record.row.name), record.released
    first = release.figures[0] if release else None
    return {
        "released_weights": release.name if release else None,
        f"released_{table.score}": float(first.printed) if first else None,
        f"released_{table.score}_on": first.on if first else None,
        "released_notes": _stated(release) if release else None,
        f"released_here_{table.score}": 100 * score.value if score else None,
        f"released_here_{table.score}_on": score.data if score else None,
        "released_here_file": str(score.checkpoint) if score else None,
    }


def _cell(table: PaperTable, record: Record, notes: Footnotes) -> str:
    release = OF_ROWS.get(record.row.name)
    if release is None:
        return "" if record.row.quoted else NONE
    first = release.figures[0]
    text, note = f"{first.printed} {first.short}", _stated(release)
    if record.released is not None:
        text += f" / {_here(table, record.released)} here on {record.released.data}"
        note += f"; scored here: {record.released.checkpoint}{_size(record.released)}"
    return notes.mark(text, note)


def _stated(release: Release) -> str:
    """Return the name of a release with its figures: who states them, and on which images."""
    name = f"{release.name}, {release.unlike}" if release.unlike else release.name
    return f"{name}: {'; '.join(f'{figure.printed} on {figure.on} ({figure.by})' for figure in release.figures)}"


def _here(table: PaperTable, score: Score) -> str:
    return f"{100 * score.value:.{1 if table.score == 'mAP' else 2}f}"


def _size(score: Score) -> str:
    size = score.config["task"]["input_size"]
    return f", at {size[0]} x {size[1]}" if size else ""
