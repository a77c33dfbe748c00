"""What a label format is read into, whatever the format."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from mnv3.ssdlite.data.coco.keys import LARGEST_NUMBER, Mistakes
from mnv3.tools.data.folder.listing import Listing, clean, stem
from mnv3.tools.text.plain import is_plain, listed


class Box(NamedTuple):
    """`name`: of the class. `box`: x, y, width, height. `ignored`: difficult or crowd. `area`: if stated."""

    name: str
    box: tuple[float, float, float, float]
    ignored: bool = False
    area: float | None = None


class Picture(NamedTuple):
    """An image and its boxes, in pixels, or with `shares` in shares of its sides.

    `file`: in the folder. `size`: (H, W), None if the labels do not hold it. `splits`: stated by the labels; empty:
    by the folders. `id`: stated by the labels. `labelled`: False if there is no label for it, not even an empty one.
    """

    file: str
    size: tuple[int, int] | None
    boxes: tuple[Box, ...]
    splits: frozenset[str] = frozenset()
    id: int | None = None
    shares: bool = False
    labelled: bool = True


@dataclass
class Wrong:
    """Collects what is wrong with the labels of a folder, by kind."""

    root: Path
    found: dict[str, dict[str, None]] = field(default_factory=dict)

    def add(self, kind: str, where: str) -> None:
        """Add an offender; `kind` is a phrase for all of them."""
        self.found.setdefault(kind, {})[where] = None

    def raise_if_any(self) -> None:
        """Raise UserError with a sentence for each kind."""
        mistakes = Mistakes(self.root)
        for kind, offenders in self.found.items():
            mistakes.add(kind, offenders)
        mistakes.raise_if_any()


@dataclass
class Notes:
    """Collects what is worked around, by kind, to be logged in one line each."""

    found: dict[str, list[str]] = field(default_factory=dict)

    def add(self, kind: str, where: str) -> None:
        self.found.setdefault(kind, []).append(where)

    def lines(self) -> list[str]:
        """Return a sentence for each kind."""
        return [f"{kind}: {len(where)}, in {listed(sorted(set(where)))}." for kind, where in self.found.items()]


class Labels(NamedTuple):
    """A folder's labels. `source`: the files that hold them, in a few words. `names`: class names by id, in order.
    `notes`: what was worked around."""

    source: str
    names: Mapping[int, str]
    pictures: list[Picture]
    notes: list[str]


MOVED = "images that are in another folder than their labels say, found by the last part of their names"
RENAMED = "labels that name another image than the one that is named like them, which counts"


def numbered(names: Iterable[str]) -> dict[int, str]:
    """Return class names by id, from 1."""
    return dict(enumerate(names, start=1))


def place(listing: Listing, wrong: Wrong, notes: Notes, name: str, label: str, *, own: bool = False) -> str:
    """Return the image that `label` means by `name`.

    `own`: the label is of this image alone, and an image named like the label counts for more than `name`. If there is
    none, return where `name` was expected: the missing image is reported when the split is opened.
    """
    by_name = listing.find(name, label) if name else []
    found = by_name if not own or stem(clean(name)) == stem(label) else listing.find_stem(label)
    found = found or (listing.find_stem(label) if own else []) or by_name
    if len(found) > 1:
        wrong.add("images meant by a label that several files could be", f"{label} ({listed(found)})")
    folder = label.rpartition("/")[0]
    if not found:
        return f"{folder}/{clean(name)}" if folder else clean(name)
    if own and name and stem(found[0]) != stem(clean(name)):
        notes.add(RENAMED, label)
    elif name and not f"/{found[0]}".endswith(f"/{clean(name)}"):
        notes.add(MOVED, found[0])
    return found[0]


def around(points: Iterable[tuple[float, float]]) -> tuple[float, float, float, float]:
    """Return x, y, width, height of the box around `points`."""
    xs, ys = zip(*points, strict=True)
    return min(xs), min(ys), max(xs) - min(xs), max(ys) - min(ys)


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


def sorted_names(pictures: Iterable[Picture]) -> list[str]:
    """Return the class names in use, for formats whose files do not list them."""
    return sorted({box.name for picture in pictures for box in picture.boxes})
