"""Makes text from files printable: without characters that control a terminal."""

import logging
import unicodedata
from collections.abc import Collection
from typing import Any

EXAMPLES = 5
"""Most items that a sentence names; it counts them all."""

OBEYED = ("Cc", "Cs", "Zl", "Zp")
"""Unicode's categories of control characters (terminal escapes, line ends, NUL), halves of characters, line breaks."""


def is_plain(text: str) -> bool:
    """Return whether `text` can be printed, encoded and plotted unchanged."""
    return text.isprintable() or not any(unicodedata.category(character) in OBEYED for character in text)


def plain(text: str) -> str:
    """Return `text` as one line, with escapes instead of control characters."""
    if is_plain(text):
        return text
    return "".join(character if is_plain(character) else _escape(character) for character in text)


def printable(text: str) -> str:
    """Return `text` like `plain`, but keep line ends and tabs."""
    return text if text.isprintable() else "".join(c if c in "\n\t" else plain(c) for c in text)


class PlainFormatter(logging.Formatter):
    """Log formatter for lines that contain names from files."""

    def format(self, record: logging.LogRecord) -> str:
        return printable(super().format(record))


def _escape(character: str) -> str:
    return character.encode("unicode_escape").decode()


def listed(offenders: Collection[Any]) -> str:
    """Return the first few items, and how many more there are."""
    more = f" and {len(offenders) - EXAMPLES} more" if len(offenders) > EXAMPLES else ""
    return ", ".join(plain(str(offender)) for offender in list(offenders)[:EXAMPLES]) + more
