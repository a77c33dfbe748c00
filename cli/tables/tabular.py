"""A table of text, and its formats: terminal, Markdown, LaTeX."""

import io
import string
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby

LEFT = "l"
RIGHT = "r"
EQUAL = "="
DASH = "-"


@dataclass(frozen=True)
class Column:
    """A column and its name; adjacent columns of the same `group` share a heading."""

    group: str
    name: str
    cells: tuple[str, ...]
    align: str = RIGHT


@dataclass
class Tabular:
    """Columns of equal length with a title and notes. `rules`: rows with a line above them."""

    title: str
    columns: list[Column]
    notes: list[str] = field(default_factory=list)
    rules: tuple[int, ...] = ()

    @property
    def rows(self) -> Iterator[tuple[str, ...]]:
        return zip(*(column.cells for column in self.columns), strict=True)


class Footnotes:
    """Letters for notes; equal notes share a letter."""

    def __init__(self) -> None:
        self.notes: dict[str, str] = {}

    def mark(self, text: str, note: str | None) -> str:
        """Return `text` followed by the letter of its note."""
        if note is None:
            return text
        letter = self.notes.setdefault(note, string.ascii_lowercase[len(self.notes)])
        return f"{text} ({letter})"

    def lines(self) -> list[str]:
        return [f"({letter}) {note}." for note, letter in self.notes.items()]


def difference(ours: float, paper: float) -> str:
    """Format the relative difference of `ours` from `paper` in percent."""
    more = round(100 * (ours / paper - 1), 1)
    return f"{more:+.1f} %" if more else "0.0 %"


def terminal(table: Tabular) -> str:
    """Format with rich, as wide as necessary."""
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    drawn = Table(title=table.title, title_justify="left", box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for number, column in enumerate(table.columns):
        first = number == 0 or table.columns[number - 1].group != column.group
        heading = Text(f"{column.group if first else ''}\n{column.name}")
        drawn.add_column(heading, justify="right" if column.align == RIGHT else "left", no_wrap=True)
    for number, cells in enumerate(table.rows):
        if number in table.rules:
            drawn.add_section()
        drawn.add_row(*map(Text, cells))
    screen, stream = Console(width=1000), io.StringIO()
    width = screen.measure(drawn).maximum
    console = Console(file=stream, width=width, force_terminal=screen.is_terminal)
    console.print(drawn)
    for note in table.notes:
        console.print(Text(note), soft_wrap=True)
    return stream.getvalue()


def markdown(table: Tabular) -> str:
    """Format as a Markdown pipe table with the title above and notes below."""
    heads = [f"{column.group}: {column.name}" if column.name else column.group for column in table.columns]
    rules = ["--:" if column.align == RIGHT else "--" for column in table.columns]
    lines = [_piped(heads), "|" + "|".join(rules) + "|", *(_piped(cells) for cells in table.rows)]
    notes = ["", *(f"{note}<br>" for note in table.notes[:-1]), *table.notes[-1:]] if table.notes else []
    return "\n".join([f"**{table.title}**", "", *lines, *notes]) + "\n"


def latex(table: Tabular) -> str:
    """Format for LaTeX's booktabs, with the title as caption and notes below."""
    groups = [(group, len([*members])) for group, members in groupby(table.columns, key=lambda column: column.group)]
    heads = " & ".join(f"\\multicolumn{{{count}}}{{c}}{{{_escaped(group)}}}" for group, count in groups)
    body = []
    for number, cells in enumerate(table.rows):
        body += ["\\midrule"] if number in table.rules else []
        body.append(_ended(" & ".join(map(_escaped, cells))))
    return "\n".join(
        [
            "% \\usepackage{booktabs}",
            "\\begin{table}",
            "\\centering",
            f"\\caption{{{_escaped(table.title)}}}",
            f"\\begin{{tabular}}{{{''.join(column.align for column in table.columns)}}}",
            "\\toprule",
            _ended(heads),
            *_lines_under(groups),
            _ended(" & ".join(_escaped(column.name) for column in table.columns)),
            "\\midrule",
            *body,
            "\\bottomrule",
            "\\end{tabular}",
            *(f"\\par\\footnotesize {_escaped(note)}" for note in table.notes),
            "\\end{table}",
            "",
        ]
    )


def _piped(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _ended(line: str) -> str:
    return f"{line} \\\\"


def _lines_under(groups: Sequence[tuple[str, int]]) -> list[str]:
    """Return the lines under headings of several columns."""
    found, start = [], 1
    for _, count in groups:
        found += [f"\\cmidrule(lr){{{start}-{start + count - 1}}}"] if count > 1 else []
        start += count
    return ["".join(found)] if found else []


def _escaped(text: str) -> str:
    return "".join(f"\\{character}" if character in "%&_#$" else character for character in text)
