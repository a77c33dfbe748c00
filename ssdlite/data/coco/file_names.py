"""Match file names of a COCO file to the files on disk, whose spelling wins."""

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
"""Other spellings of a name: Windows' separators, and composed or decomposed accents."""


class Folder:
    """The files in and below a folder; lists folders only, which is fast for 100,000 images."""

    def __init__(self, path: Path) -> None:
        self.names = cache(lambda below: _names(path / below))

    def has(self, name: str) -> bool:
        """Whether `name`, relative to the folder, exists."""
        below, last = os.path.split(name)
        return last in self.names(below)

    def spelt(self, name: str) -> str:
        """Return the existing spelling of `name`; `name` itself if there is none."""
        if self.has(name):
            return name
        others = [spell(name) for spell in SPELLINGS]
        others += [spell(others[0]) for spell in SPELLINGS[1:]]
        return next((other for other in others if self.has(other)), name)

    def near(self, name: str) -> str | None:
        """Return an existing similar name: in the folder itself, or with other case or suffix."""
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
    """Return `data` with file names as on disk, and a remark on those changed. Raises UserError if two are one file."""
    folder, names = Folder(data.images_dir), data.file_names.tolist()
    found = [folder.spelt(name) for name in names]
    changed = [name for name, other in zip(names, found, strict=True) if name != other]
    if not changed:
        return data, []
    first: dict[str, str] = {}
    twice = [name for name, other in zip(names, found, strict=True) if first.setdefault(_path(other), name) != name]
    if twice:
        raise UserError(f"{data.source}: image file listed twice, with different spelling: {listed(twice)}.")
    remark = f"{data.source.name}: file names spelt differently on disk: {len(changed)}: {listed(changed)}."
    return replace(data, file_names=np.array(found)), [remark]


def _path(name: str) -> str:
    return os.path.normpath(name)


def missing_files(data: CocoData) -> list[str]:
    """Return names of listed images that do not exist."""
    folder = Folder(data.images_dir)
    return [name for name in data.file_names.tolist() if not folder.has(name)]


def nearest(data: CocoData, missing: str) -> str:
    """Return a sentence on an existing file with a name similar to `missing`, empty if there is none."""
    near = Folder(data.images_dir).near(missing)
    return f" {plain(near)} exists: is that {plain(missing)}?" if near else ""
