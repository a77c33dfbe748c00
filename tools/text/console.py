"""Consoles for text that may come from files."""

from typing import Any

from rich.console import Console

PIPE = 200
"""Characters per line without a terminal."""


def literal_console(**options: Any) -> Console:
    """Return a console that prints texts literally: no markup in brackets, no emoji, no colours for numbers."""
    return Console(markup=False, emoji=False, highlight=False, **options)


def wide_console() -> Console:
    """Return a literal console with long lines if there is no terminal, so that pipes and files are not wrapped."""
    console = literal_console()
    if not console.is_terminal:
        console.width = max(console.width, PIPE)
    return console
