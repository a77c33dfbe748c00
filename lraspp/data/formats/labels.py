"""What a label format is read into, whatever the format."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from mnv3.lraspp.data.frames import SegClass

BACKGROUND = ("background", "_background_", "__background__")
"""Names of the class of pixels without an object."""

IGNORED = "__ignore__"
"""LabelMe's name of pixels that are neither trained on nor scored."""


class Picture(NamedTuple):
    """An image and its labels; both files are relative to the folder.

    `label`: None for an image without. `splits`: stated by the labels; empty: by the folders. `shapes`: outlines, as
    their format has them, with class names. `size`: (H, W) of the image that they were drawn on.
    """

    file: str
    label: str | None
    splits: frozenset[str] = frozenset()
    shapes: tuple[Any, ...] = ()
    size: tuple[int, int] | None = None

    @property
    def name(self) -> str:
        """Name of the frame: the image's without suffix."""
        return self.file.rpartition(".")[0]


class Meaning(NamedTuple):
    """The classes of a data set, and what is ignored: `names` of classes that are listed, but neither trained on nor
    scored, and `values` of label files."""

    classes: tuple[SegClass, ...]
    ignored: tuple[SegClass, ...]
    values: tuple[int, ...]

    def index(self, name: str) -> int | None:
        """Return the index of a class, None if there is none of this name."""
        return next((index for index, entry in enumerate(self.classes) if entry.name == name), None)


Draw = Callable[[Picture], np.ndarray]
"""Returns the label map [H, W] uint8 of a picture: class indices, and 255. Raises `Undrawable`, or UserError."""


class Undrawable(Exception):
    """Labels that cannot be drawn: `kind`, a phrase for all with it; `counts`: pixels by what has no class."""

    def __init__(self, kind: str, counts: dict[int, int] | None = None) -> None:
        super().__init__(kind)
        self.kind, self.counts = kind, counts or {}


@dataclass
class Masks:
    """A folder's labels. `source`: the files that hold them, and `named`: what names the classes, in a few words.

    `draw`: for labels that are not label files of ids; then `content` is all that decides on what is drawn but for the
    label files themselves. `stored`: labels are of the pixels as stored. `problems`: labels that have no image.
    """

    source: str
    named: str
    meaning: Meaning
    pictures: list[Picture]
    notes: list[str] = field(default_factory=list)
    problems: tuple[str, ...] = ()
    draw: Draw | None = None
    content: str = ""
    stored: bool = False
