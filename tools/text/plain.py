"""Text from files as it may be printed: without characters that a terminal obeys."""

import logging
import unicodedata
from collections.abc import Collection
from typing import Any

EXAMPLES = 5
"""Offenders that a sentence names; it counts them all."""

OBEYED = ("Cc", "Cs", "Zl", "Zp")
"""Unicode's categories of control characters (terminal escapes, line ends, NUL), halves of characters, line breaks."""


def is_plain(text: str) -> bool:
    """Whether `text` can be printed, encoded and plotted as it is."""
    return text.isprintable() or not any(unicodedata.category(character) in OBEYED for character in text)


def plain(text: str) -> str:
    """`text` as one line, with escapes in the place of what is not plain."""
    if is_plain(text):
        return text
    return "".join(character if is_plain(character) else _escape(character) for character in text)


def printable(text: str) -> str:
    """The same of several lines: line ends and tabs stay."""
    return text if text.isprintable() else "".join(c if c in "\n\t" else plain(c) for c in text)


class PlainFormatter(logging.Formatter):
    """Of logs: names from files are in many lines."""

    def format(self, record: logging.LogRecord) -> str:
        """As usual, printable."""
        return printable(super().format(record))


def _escape(character: str) -> str:
    return character.encode("unicode_escape").decode()


def listed(offenders: Collection[Any]) -> str:
    """The first few, and how many more there are."""
    more = f" and {len(offenders) - EXAMPLES} more" if len(offenders) > EXAMPLES else ""
    return ", ".join(plain(str(offender)) for offender in list(offenders)[:EXAMPLES]) + more
