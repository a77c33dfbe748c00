"""PASCAL VOC 2012 as it is unpacked, for detection and segmentation: folder, lists of images, classes."""

import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from mnv3.tools.data.reader import Log, Reader
from mnv3.tools.errors import Absent, UserError
from mnv3.tools.text.plain import is_plain, listed

T = TypeVar("T")

NAMES = (
    "aeroplane",
    "bicycle",
    "bird",
    "boat",
    "bottle",
    "bus",
    "car",
    "cat",
    "chair",
    "cow",
    "diningtable",
    "dog",
    "horse",
    "motorbike",
    "person",
    "pottedplant",
    "sheep",
    "sofa",
    "train",
    "tvmonitor",
)
"""The 20 classes in VOC's order: the values 1 to 20 of its label files."""

PLACES = ("VOCdevkit/VOC2012", "VOC2012", "voc/VOCdevkit/VOC2012", "voc/VOC2012", "voc", ".")
"""Where its folder may be in the data root."""

MARKS = ("JPEGImages", "ImageSets")
"""Folders that it has."""


class Listed(NamedTuple):
    """The images of a split: `names` as in the list `file`, and the folder of the data set."""

    folder: Path
    file: Path
    names: tuple[str, ...]

    def image(self, name: str) -> Path:
        """Return the path of an image, whether it exists or not."""
        return self.folder / "JPEGImages" / f"{name}.jpg"


def find_folder(root: Path) -> Path | None:
    """Return the folder of VOC 2012 in the data root, if there is one."""
    folders = (root / place for place in PLACES)
    return next((folder for folder in folders if all((folder / mark).is_dir() for mark in MARKS)), None)


def find_split(root: Path, kind: str, split: str) -> Listed:
    """Find and read the list of a split. `kind`: "Main" for boxes, "Segmentation" for label files.

    Raises Absent: there is no such data set or list; UserError: half of it, or a list with mistakes.
    """
    folder = find_folder(root)
    if folder is None:
        half = [str(root / place / mark) for place in PLACES for mark in MARKS if (root / place / mark).is_dir()]
        beside = f" There is only {half[0]}." if half else ""
        raise (UserError if half else Absent)(
            f"PASCAL VOC 2012 was not found: expected the folders {' and '.join(MARKS)} in {root}, or in its folder "
            f"{', '.join(PLACES[:-2])} or {PLACES[-2]}.{beside} Download it with `mnv3 data get voc`, or set "
            "data.root=DIR (or MNV3_DATA=DIR) to its folder."
        )
    file = folder / "ImageSets" / kind / f"{split}.txt"
    if not file.is_file():
        raise Absent(f"PASCAL VOC 2012 has no list {file}, so it has no split '{split}' for this task.")
    return Listed(folder, file, _read_names(file))


def _read_names(file: Path) -> tuple[str, ...]:
    """Read a list, one name per line. Raises UserError with all mistakes."""
    try:
        lines = file.read_text(encoding="utf-8-sig").splitlines()
    except OSError as error:
        raise UserError(f"{file} cannot be read: {error.strerror}.") from None
    except UnicodeError:
        raise UserError(f"{file} cannot be read: it is not UTF-8 text.") from None
    names = [line.strip() for line in lines if line.strip()]
    if not names:
        raise UserError(f"{file} is empty: it must list names of images, one per line.")
    problems = []
    if odd := [name for name in dict.fromkeys(names) if not _is_name(name)]:
        problems.append(f"{file}: each line must be an image's name without folder and suffix; not so: {listed(odd)}.")
    if twice := [name for name, count in Counter(names).items() if count > 1]:
        problems.append(f"{file}: listed twice: {listed(twice)}.")
    if problems:
        raise UserError(*problems)
    return tuple(names)


def _is_name(name: str) -> bool:
    return is_plain(name) and not set(name) & set("/\\ \t") and name not in (".", "..")


def stems(folder: Path, suffix: str) -> frozenset[str]:
    """Return the names, without `suffix`, of the files in `folder` that have it; none if there is no such folder."""
    files = os.listdir(folder) if folder.is_dir() else []
    return frozenset(file.removesuffix(suffix) for file in files if file.endswith(suffix))


def voc_reader(open_split: Callable[[Any, Path, str, Log], T]) -> Reader[T]:
    """Return the row of a task's table of data sets."""
    return Reader(
        open_split,
        ("train", "val", "trainval", "test"),
        "2.0 GB",
        "photos: Flickr's terms",
        "mnv3 data get voc",
        tuple(f"{place}/{MARKS[1]}" for place in PLACES),
        get=_get,
    )


def _get(root: Path, settings: Any) -> None:
    from mnv3.tools.data.get_voc import get_voc

    get_voc(root, settings.parts, settings.address, dry=settings.dry)
