"""File names of a COCO file and the files that are there: what exists wins over how its name is written."""

import ntpath
import os
import unicodedata
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path, PurePosixPath

import numpy as np

from mnv3.ssdlite.data.coco.annotations import CocoData
from mnv3.tools.errors import UserError
from mnv3.tools.text.plain import listed, plain

SPELLINGS: tuple[Callable[[str], str], ...] = (
    lambda name: name.replace("\\", "/"),
    lambda name: unicodedata.normalize("NFC", name),
    lambda name: unicodedata.normalize("NFD", name),
)
"""Other ways to write a name: as Windows does, and with accents as characters of their own or not."""


class Folder:
    """The files in and below a folder. Reads folders, not files: quick for 100,000 images."""

    def __init__(self, path: Path) -> None:
        self.names = cache(lambda below: _names(path / below))

    def has(self, name: str) -> bool:
        """Whether `name`, as seen from the folder, is there."""
        below, last = os.path.split(name)
        return last in self.names(below)

    def spelt(self, name: str) -> str:
        """`name` as it is there, if another spelling of it is; else `name`."""
        if self.has(name):
            return name
        others = [spell(name) for spell in SPELLINGS]
        others += [spell(others[0]) for spell in SPELLINGS[1:]]
        return next((other for other in others if self.has(other)), name)

    def near(self, name: str) -> str | None:
        """What is there of nearly that name: in the folder itself, of other capitals, or with another suffix."""
        last = ntpath.basename(name)
        if last != name and self.has(last):
            return last
        below = os.path.dirname(name)
        for same in (str.lower, lambda text: PurePosixPath(text).stem.lower()):
            for other in sorted(self.names(below)):
                if same(other) == same(last):
                    return os.path.join(below, other)
        return None


def _names(folder: Path) -> frozenset[str]:
    try:
        return frozenset(os.listdir(folder))
    except OSError:
        return frozenset()


def as_on_disk(data: CocoData) -> tuple[CocoData, list[str]]:
    """`data` with its files' names as they are on the disk, and a remark on those that the JSON spells otherwise.

    Raises UserError: two names of the JSON are the same file.
    """
    folder, names = Folder(data.images_dir), data.file_names.tolist()
    found = [folder.spelt(name) for name in names]
    changed = [name for name, other in zip(names, found, strict=True) if name != other]
    if not changed:
        return data, []
    first: dict[str, str] = {}
    twice = [name for name, other in zip(names, found, strict=True) if first.setdefault(_path(other), name) != name]
    if twice:
        raise UserError(f"{data.source}: image file listed twice, in another spelling: {listed(twice)}.")
    remark = f"{data.source.name}: file names spelt otherwise than on the disk: {len(changed)}: {listed(changed)}."
    return replace(data, file_names=np.array(found)), [remark]


def _path(name: str) -> str:
    return os.path.normpath(name)


def missing_files(data: CocoData) -> list[str]:
    """Names of listed images that are not there."""
    folder = Folder(data.images_dir)
    return [name for name in data.file_names.tolist() if not folder.has(name)]


def nearest(data: CocoData, missing: str) -> str:
    """A sentence on a file of nearly the name of a `missing` one, or nothing."""
    near = Folder(data.images_dir).near(missing)
    return f" {plain(near)} is there: is that {plain(missing)}?" if near else ""
