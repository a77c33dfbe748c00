"""Consoles for text that may come from files."""

import io
from typing import Any

from rich.console import Console, RenderableType

PIPE = 200
"""Characters per line without a terminal."""


def literal_console(**options: Any) -> Console:
    """Return a console that prints texts literally: no markup in brackets, no emoji, no colours for numbers."""
    return Console(markup=False, emoji=False, highlight=False, **options)


def as_text(width: int, *parts: RenderableType) -> str:
    """Format `parts` one below the other as plain text without empty lines."""
    file = io.StringIO()
    console = literal_console(file=file, width=width, color_system=None)
    for part in parts:
        console.print(part)
    return "\n".join(line.rstrip() for line in file.getvalue().splitlines() if line.strip())


def three(value: float) -> str:
    """Format a score with three decimals; "-" for NaN."""
    return f"{value:.3f}" if value == value else "-"


def or_none(value: float) -> float | None:
    """Return `value`, None for NaN, which JSON lacks."""
    return value if value == value else None


def wide_console() -> Console:
    """Return a literal console with long lines if there is no terminal, so that pipes and files are not wrapped."""
    console = literal_console()
    if not console.is_terminal:
        console.width = max(console.width, PIPE)
    return console
