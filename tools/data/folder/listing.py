"""The files of a folder of images and labels, and how an image is found by the name that a label gives it."""

import os
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath

from mnv3.tools.data.folder.splits import split_of_folder, split_of_label
from mnv3.tools.errors import UserError

IMAGE_SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff")

FOLDERS = ("images", "jpegimages", "image", "imgs", "img")
"""Usual names of folders of images; others may hold masks or previews of the same names."""

SKIPPED = ("__MACOSX",)
"""Folders of other programs; those whose name begins with a dot are skipped, too."""


@dataclass(frozen=True)
class Listing:
    """`files` in and below `root`, sorted, relative to it, with forward slashes."""

    root: Path
    files: tuple[str, ...]

    @cached_property
    def known(self) -> frozenset[str]:
        return frozenset(self.files)

    @cached_property
    def images(self) -> tuple[str, ...]:
        return tuple(file for file in self.files if file.lower().endswith(IMAGE_SUFFIXES))

    @cached_property
    def _by_name(self) -> dict[str, list[str]]:
        return self._index(os.path.basename)

    @cached_property
    def _by_stem(self) -> dict[str, list[str]]:
        return self._index(stem)

    def ending(self, *suffixes: str) -> list[str]:
        """Return the files with one of `suffixes`, in lower case."""
        return [file for file in self.files if file.lower().endswith(suffixes)]

    def find(self, name: str, label: str) -> list[str]:
        """Return the images that the file `label` can mean by `name`, the best ones alone: one if all is well.

        Image and label are often not where they were when the label was written, so the last part of `name` decides,
        then how many of its folders agree, how near the image is to the label, and whether it is in one of FOLDERS.
        Images of another split than the label's are never meant.
        """
        beside = (PurePosixPath(label).parent / clean(name)).as_posix()
        if beside in self.known and beside.lower().endswith(IMAGE_SUFFIXES):
            return [beside]
        return self._best(self._by_name, name, label)

    def find_stem(self, label: str) -> list[str]:
        """As `find`, of images that have the name of `label` with another suffix."""
        return self._best(self._by_stem, str(PurePosixPath(label).with_suffix("")), label)

    def _index(self, key: Callable[[str], str]) -> dict[str, list[str]]:
        index: dict[str, list[str]] = {}
        for image in self.images:
            index.setdefault(_composed(key(image)), []).append(image)
        return index

    def _best(self, index: dict[str, list[str]], name: str, label: str) -> list[str]:
        *folders, last = [_composed(part) for part in clean(name).split("/")]
        own, place = split_of_label(label), label.split("/")[:-1]

        def nearness(image: str) -> tuple[int, int, bool]:
            path = image.split("/")[:-1]
            agreeing = _common(folders[::-1], [_composed(part) for part in path[::-1]])
            return agreeing, _common(place, path), any(part.lower() in FOLDERS for part in path)

        meant = [image for image in index.get(last, []) if own is None or split_of_folder(image) in (None, own)]
        ranks = [nearness(image) for image in meant]
        return [image for image, rank in zip(meant, ranks, strict=True) if rank == max(ranks)]


def list_folder(root: Path) -> Listing:
    """List the files in and below `root`; links are followed, each folder is listed once.
    Raises UserError: there is no such folder, or no image in it."""
    if not root.is_dir():
        raise UserError(f"dataset.path: there is no folder {root}.")
    listing = Listing(root, tuple(sorted(_walk(root))))
    if not listing.images:
        raise UserError(f"dataset.path: there is no image in {root} ({', '.join(IMAGE_SUFFIXES)}).")
    return listing


def _walk(root: Path) -> Iterator[str]:
    seen: set[str] = set()
    for folder, below, files in os.walk(root, followlinks=True):
        real = os.path.realpath(folder)
        below[:] = sorted(name for name in below if not name.startswith(".") and name not in SKIPPED)
        if real in seen:
            below.clear()
            continue
        seen.add(real)
        relative = Path(folder).relative_to(root)
        yield from ((relative / file).as_posix() for file in files if not file.startswith("."))


def clean(name: str) -> str:
    """Return `name` with forward slashes and without what leads out of a folder: drives, a first slash, dots."""
    parts = name.replace("\\", "/").split("/")
    kept = [part for part in parts if part not in ("", ".", "..") and not part.endswith(":")]
    return "/".join(kept) or name


def stem(file: str) -> str:
    """Return the name of a file without folders and suffix."""
    return PurePosixPath(file).stem


def _composed(name: str) -> str:
    """Return `name` with composed accents, whatever the system that wrote it uses."""
    return name if name.isascii() else unicodedata.normalize("NFC", name)


def _common(one: list[str], other: list[str]) -> int:
    """Return how many first parts of two lists are equal."""
    unequal = (i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b)
    return next(unequal, min(len(one), len(other)))
