"""Remarks that a call makes once, however many processes read the files that give rise to them."""

import logging
import mmap

log = logging.getLogger("mnv3")

KINDS = ("frames", "depth", "depths", "fonts")
"""What there are remarks on."""

VALUES = ("bits",)
"""Of what the first value is kept."""

_said = mmap.mmap(-1, len(KINDS) + len(VALUES))  # shared with the processes that are forked from this one


def remark(kind: str, text: str) -> None:
    """Log `text`, the first of its `kind` in this call."""
    place = KINDS.index(kind)
    if not _said[place]:
        _said[place] = 1
        log.warning(text)


def differs(what: str, value: int) -> bool:
    """Whether `value`, 1 to 255, is another one than the first of its kind in this call."""
    place = len(KINDS) + VALUES.index(what)
    _said[place] = _said[place] or value
    return _said[place] != value


def forget() -> None:
    """Begin anew: the next remark of every kind is made."""
    _said[:] = bytes(len(_said))
