"""Where the files of a split are, as a reader finds them."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from mnv3.lraspp.data.frames import SegClass
from mnv3.tools.data.reader import Log


class Place(NamedTuple):
    """Image and label files of a split by frame name, the data set's folder, and the meaning of its label values.

    `stored`: labels are of the pixels as stored, whatever rotation a photo notes. `problems`: sentences on frames that
    are left out. `draw`: for a data set without label files, draws them into a folder and returns the place with them.
    """

    folder: Path
    images: dict[str, Path]
    labels: dict[str, Path]
    classes: tuple[SegClass, ...]
    ignored_ids: tuple[int, ...]
    official: bool = False
    stored: bool = False
    problems: tuple[str, ...] = ()
    draw: "Callable[[Path, Log], Place] | None" = None
