"""Prints a comparison on the console."""

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table as RichTable
from rich.text import Text

from mnv3.tools.compare.page import Section
from mnv3.tools.text.plain import printable


def show(console: Console, section: Section) -> None:
    """Print the tables of a section, wide ones in parts, and its notes."""
    for table in (part for whole in section.tables for part in whole.parts(console.width)):
        console.print(printable(table.title), style="bold")
        rich_table = RichTable(box=SIMPLE_HEAD, pad_edge=False)
        for place, heading in enumerate(table.headings):
            justify = "right" if place in table.numbers else "left"
            rich_table.add_column(printable(heading), justify=justify, overflow="fold")
        for row, cells in enumerate(table.rows):
            styles = ["bold" if (row, place) in table.best else "" for place in range(len(cells))]
            rich_table.add_row(*(Text(printable(text), style) for text, style in zip(cells, styles, strict=True)))
        console.print(rich_table)
    for note in section.notes:
        console.print(printable(note), soft_wrap=True)
