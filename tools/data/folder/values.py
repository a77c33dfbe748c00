"""Values in label files."""

from mnv3.tools.text.plain import is_plain

LARGEST_NUMBER = 1e15
"""Of a coordinate, so that areas stay finite."""


def number(text: object) -> float | None:
    """Return a finite number, None if `text` is none."""
    if not isinstance(text, (str, int, float)) or isinstance(text, bool):
        return None
    try:
        value = float(text)
    except (ValueError, OverflowError):
        return None
    return value if abs(value) <= LARGEST_NUMBER else None  # NaN is neither


def is_class_name(name: object) -> bool:
    """Return whether `name` can be a class's."""
    return isinstance(name, str) and bool(name.strip()) and is_plain(name)
