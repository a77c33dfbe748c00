"""Warnings logged once per call, however many processes read the files that cause them."""

import logging
import mmap

log = logging.getLogger("mnv3")

KINDS = ("frames", "depth", "depths", "fonts")
"""Kinds of warnings."""

VALUES = ("bits",)
"""Kinds of values of which the first one is kept."""

_logged = mmap.mmap(-1, len(KINDS) + len(VALUES))  # shared with processes forked from this one


def remark(kind: str, text: str) -> None:
    """Log `text` as a warning if it is the first of its `kind` in this call."""
    place = KINDS.index(kind)
    if not _logged[place]:
        _logged[place] = 1
        log.warning(text)


def differs(what: str, value: int) -> bool:
    """Return whether `value`, 1 to 255, differs from the first of its kind in this call."""
    place = len(KINDS) + VALUES.index(what)
    _logged[place] = _logged[place] or value
    return _logged[place] != value


def forget() -> None:
    """Reset: the next warning of every kind is logged again."""
    _logged[:] = bytes(len(_logged))
