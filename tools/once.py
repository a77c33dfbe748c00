"""Remarks that a call makes once, however many processes read the files that give rise to them."""

import logging
import mmap

log = logging.getLogger("mnv3")

KINDS = ("frames", "depth", "fonts")
"""What there are remarks on."""

_said = mmap.mmap(-1, len(KINDS))  # shared with the processes that are forked from this one


def remark(kind: str, text: str) -> None:
    """Log `text`, the first of its `kind` in this call."""
    place = KINDS.index(kind)
    if not _said[place]:
        _said[place] = 1
        log.warning(text)


def forget() -> None:
    """Begin anew: the next remark of every kind is made."""
    _said[:] = bytes(len(KINDS))
