"""Check palettes of label files: files with different ones swap classes silently, because only the index counts, and
image editors order colours by frequency."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from mnv3.lraspp.data.labels.look import Seen

Colour = tuple[int, ...]

NEARLY_BLACK = 32
"""Darker greys are not meant as colours: in a palette they are the values of an earlier grey file."""

CURE = (
    "The values count, not the colours: save all label files with the same palette, or as single-channel grey files "
    "whose values are class ids."
)


class Painted(NamedTuple):
    """A label file with a palette [n, 3], and the values in it that have a colour."""

    path: Path | None
    palette: np.ndarray
    values: list[int]

    @property
    def colours(self) -> dict[int, Colour]:
        """Colour of each value in use."""
        return {value: tuple(self.palette[value].tolist()) for value in self.values}

    def places(self, colour: Colour) -> set[int]:
        """Return the values of this colour, used or not."""
        return set(np.flatnonzero((self.palette == colour).all(axis=1)).tolist())


def differ(splits: Iterable[Seen]) -> list[str]:
    """Return a sentence if the palettes of label files differ in used colours, or have the greys of other values."""
    by_value: dict[int, tuple[Colour, Painted]] = {}
    by_colour: dict[Colour, tuple[set[int], Painted]] = {}
    for ids, file in _painted(splits):
        for value, colour in file.colours.items():
            other, first = by_value.setdefault(value, (colour, file))
            if other != colour:
                return [f"Value {value} of label files is {other} in {first.path}, but {colour} in {file.path}. {CURE}"]
            places, first = by_colour.setdefault(colour, (file.places(colour), file))
            places &= file.places(colour)
            if not places:
                return [f"The colour {colour} of label files has other values in {first.path} and {file.path}. {CURE}"]
        if _is_reordered(file.colours, ids):
            return [f"The palette of {file.path} has the greys of other values than its own. {CURE}"]
    return []


def _painted(splits: Iterable[Seen]) -> Iterator[tuple[set[int], Painted]]:
    """Yield files with a palette, one for each palette and set of values, with the ids of the classes."""
    known: set[tuple[bytes, bytes]] = set()
    for seen in splits:
        ids = set(seen.data.ids.tolist())
        for frame, look in zip(seen.data.frames, seen.looks, strict=True):
            if look.palette is None or look.counts is None:
                continue
            values = np.flatnonzero(look.counts[: len(look.palette)])
            mark = look.palette.tobytes(), values.tobytes()
            if mark not in known:
                known.add(mark)
                yield ids, Painted(frame.label, look.palette, values.tolist())


def _is_reordered(colours: dict[int, Colour], ids: set[int]) -> bool:
    """Whether the palette's greys are class ids at other indices, as when a grey file is converted to a palette."""
    greys = [colour[0] for colour in colours.values() if len(set(colour)) == 1]
    if len(set(greys)) != len(colours) or not any(greys) or not set(greys) <= ids:
        return False
    return greys != list(colours) and (set(greys) == set(colours) or max(greys) < NEARLY_BLACK)
