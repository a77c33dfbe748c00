"""A comparison on the console."""

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table as Shown

from tools.compare.page import Section
from tools.printable import printable

PIPE = 200
"""Letters of a line where no terminal says how many there are."""


def wide_console() -> Console:
    """The console; without a terminal its lines are long, so that nothing is wrapped in pipes and files."""
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = max(console.width, PIPE)
    return console


def show(console: Console, section: Section) -> None:
    """Print the tables of a section, wide ones in parts, and its notes."""
    for table in (part for whole in section.tables for part in whole.parts(console.width)):
        console.print(printable(table.title), style="bold", markup=False)
        shown = Shown(box=SIMPLE_HEAD, pad_edge=False)
        for place, heading in enumerate(table.headings):
            shown.add_column(
                escape(printable(heading)), justify="right" if place in table.numbers else "left", overflow="fold"
            )
        for row, cells in enumerate(table.rows):
            best = [(row, place) in table.best for place in range(len(cells))]
            texts = zip((escape(printable(cell)) for cell in cells), best, strict=True)
            shown.add_row(*(f"[bold]{text}[/bold]" if stands_out else text for text, stands_out in texts))
        console.print(shown)
    for note in section.notes:
        console.print(printable(note), soft_wrap=True, markup=False)
