"""How a key of the configuration is declared: its type, what it means, and what it may be."""

from dataclasses import field
from typing import Any

MISSING: Any = "???"  # OmegaConf's mark for "the user has to say"


def key(meaning: str, default: Any = MISSING, *, choices: tuple = (), low: float | None = None) -> Any:
    """A key with its meaning; `choices` are all the words it may be, `low` is the least number it may be."""
    metadata = {"meaning": meaning, "choices": choices, "low": low}
    if isinstance(default, list):
        return field(default_factory=lambda: list(default), metadata=metadata)
    return field(default=default, metadata=metadata)


def section(of: type) -> Any:
    """A nested part of the configuration."""
    return field(default_factory=of)
