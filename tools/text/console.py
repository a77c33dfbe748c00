"""The console as everything is printed to it that may come from a file."""

from typing import Any

from rich.console import Console

PIPE = 200
"""Letters of a line where no terminal says how many there are."""


def literal_console(**options: Any) -> Console:
    """A console that prints texts as they are: brackets are no markup, colons no pictures, numbers have no colours."""
    return Console(markup=False, emoji=False, highlight=False, **options)


def wide_console() -> Console:
    """The same; without a terminal its lines are long, so that nothing is wrapped in pipes and files."""
    console = literal_console()
    if not console.is_terminal:
        console.width = max(console.width, PIPE)
    return console
