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


def section(of: type) -> Any:
    """Declare a nested section."""
    return field(default_factory=of)
