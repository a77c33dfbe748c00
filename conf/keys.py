"""Declare keys of the configuration: meaning, default, choices and minimum."""

from dataclasses import field
from typing import Any

MISSING: Any = "???"  # OmegaConf's mark for mandatory values


def key(meaning: str, default: Any = MISSING, *, choices: tuple = (), low: float | None = None) -> Any:
    """Declare a key; `choices`: all allowed words, `low`: the minimum number."""
    metadata = {"meaning": meaning, "choices": choices, "low": low}
    if isinstance(default, list):
        return field(default_factory=lambda: list(default), metadata=metadata)
    return field(default=default, metadata=metadata)


def size_key(meaning: str, default: Any = MISSING, *, null: bool) -> Any:
    """Declare a key for a height and a width in pixels, or `auto`; `null`: it may be null."""
    item = key(meaning, default, low=1)
    words = "null or auto" if null else "or auto"
    kind = f"two whole numbers, height and width, like [320,320], {words}"
    return field(default=item.default, metadata={**item.metadata, "size": kind, "null": null})


def section(of: type) -> Any:
    """Declare a nested section."""
    return field(default_factory=of)
