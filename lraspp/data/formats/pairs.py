"""Which files are images and which are their label files, by folders and names."""

import re
from pathlib import PurePosixPath
from typing import NamedTuple

from mnv3.tools.data.folder.listing import Listing, stem
from mnv3.tools.data.folder.notes import Notes, Wrong
from mnv3.tools.data.folder.splits import SPLITS
from mnv3.tools.text.plain import listed

SUFFIXES = ("", "_mask", "_masks", "_label", "_labels", "_seg", "_gt", "_L")
"""What follows the image's name in that of its label file, in the order tried."""

LABELS = "masks?|labels?|annot(ation)?s?|annotated|gt|groundtruth|segmentation(class(png)?|s)?|targets?"
BESIDE = "images?|imgs?|png|ids?|semantic|class|set|data|seg"
"""Words in names of folders of label files, and words beside them."""

NEITHER = re.compile("segmentation(object.*|class(visuali[sz]ation|npy))|visuali[sz]ations?", re.IGNORECASE)
"""Folders of masks of single objects, of previews, and of arrays, as CVAT and LabelMe write them."""


class Pairs(NamedTuple):
    """`labels`: label file by image, None for images without one. `orphans`: label files that have no image."""

    suffix: str
    labels: dict[str, str | None]
    orphans: list[str]
    left_out: list[str]


def find_label_files(listing: Listing, suffix: str | None) -> list[str]:
    """Return the label files that have an image."""
    pairs = pair(listing, suffix, Wrong(listing.root))
    return [label for label in pairs.labels.values() if label]


def pair(listing: Listing, suffix: str | None, wrong: Wrong) -> Pairs:
    """Pair images with label files of the same name and `suffix`; None: the first of SUFFIXES with which it works."""
    found = None
    for candidate in SUFFIXES if suffix is None else (suffix,):
        problems = Wrong(listing.root)
        pairs = _pair(listing, candidate, problems)
        if found is None or any(pairs.labels.values()):
            found = pairs, problems
        if any(pairs.labels.values()):
            break
    assert found is not None
    for kind, where in found[1].found.items():
        for one in where:
            wrong.add(kind, one)
    return found[0]


def _pair(listing: Listing, suffix: str, wrong: Wrong) -> Pairs:
    left_out = [file for file in listing.images if _is_neither(file)]
    files = [file for file in listing.images if not _is_neither(file)]
    labels = [file for file in files if (stem(file).endswith(suffix) if suffix else _is_label(file))]
    taken = set(labels)
    images = [file for file in files if file not in taken and not _is_label(file)]
    paired: dict[str, str | None] = dict.fromkeys(images)
    index, orphans = Listing(listing.root, tuple(images)), []
    for label in labels:
        path = PurePosixPath(label)
        means = path.with_name(path.stem.removesuffix(suffix) + path.suffix) if path.stem != suffix else path
        meant = index.find_stem(str(means))
        if len(meant) > 1:
            wrong.add("label files of which it is unclear which image they are of", f"{label} ({listed(meant)})")
        for image in meant[:1]:
            if paired[image]:
                wrong.add("images with two label files", f"{image} ({paired[image]}, {label})")
            paired[image] = label
        if not meant:
            orphans.append(label)
    return Pairs(suffix, paired, orphans, left_out)


def _is_label(file: str) -> bool:
    """Whether one of the file's folders is one of label files: masks, train_labels, valannot, SegmentationClass."""
    return any(map(_names_labels, PurePosixPath(file).parts[:-1]))


def _names_labels(folder: str) -> bool:
    word = re.sub("|".join(sorted(SPLITS, key=len, reverse=True)), "", folder.lower())
    word = re.sub("[^a-z]", "", word)
    return re.fullmatch(f"({LABELS}|{BESIDE})+", word) is not None and re.search(f"({LABELS})", word) is not None


def _is_neither(file: str) -> bool:
    return any(NEITHER.fullmatch(part) for part in PurePosixPath(file).parts[:-1])


def notes_of(pairs: Pairs, notes: Notes) -> None:
    """Note what is left out."""
    for file in pairs.left_out:
        notes.add("masks of single objects and previews are left out", file)
