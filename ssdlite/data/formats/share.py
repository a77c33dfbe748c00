"""Which images of a folder are in which split: by its folders and lists, or else a seeded share."""

from collections.abc import Sequence
from typing import NamedTuple

from mnv3.ssdlite.data.formats.labels import Picture
from mnv3.tools.data.folder.splits import seeded_share, split_of_folder
from mnv3.tools.errors import UserError
from mnv3.tools.text.plain import listed

SPLIT_NAMES = ("train", "val", "test")


class Splits(NamedTuple):
    """Images by split, without empty ones; `seeded`: val is a share of train. `notes`: what was worked around."""

    pictures: dict[str, list[Picture]]
    seeded: bool
    notes: list[str]


def divide(pictures: Sequence[Picture], share: float, seed: int) -> Splits:
    """Divide `pictures` into the splits that the labels state, or that folders are named after.

    Without any for validation it is the `share` of the training images, or of all if no split is named, chosen by
    their names and `seed`. Raises UserError: an image is listed twice, or `share` is none.
    """
    if not 0 <= share < 1:
        raise UserError(f"dataset.val_share={share}: must be at least 0 and less than 1.")
    named = [_with_splits(picture) for picture in pictures]
    by = {name: [picture for picture in named if name in picture.splits] for name in SPLIT_NAMES}
    free = [picture for picture in named if not picture.splits]
    for entries in (*by.values(), free):
        _check_once(entries)
    pool = by["train"] or free
    seeded = not by["val"] and len(pool) > 1 and share > 0
    notes = []
    if seeded:
        chosen = seeded_share((picture.file for picture in pool), share, seed)
        by["train"] = [picture for picture in pool if picture.file not in chosen]
        by["val"] = [picture for picture in pool if picture.file in chosen]
    elif not by["val"]:
        by["train"] = pool
    left = [picture.file for picture in free if not (by["train"] and pool is free)]
    if left:
        notes.append(f"images in no split are left out: {len(left)}: {listed(left)}.")
    files = {name: {picture.file for picture in entries} for name, entries in by.items()}
    for one, other in (("train", "val"), ("train", "test")):
        if both := sorted(files[one] & files[other]):
            notes.append(f"images that are in {one} and in {other}: {len(both)}: {listed(both)}.")
    return Splits({name: entries for name, entries in by.items() if entries}, seeded, notes)


def _with_splits(picture: Picture) -> Picture:
    split = None if picture.splits else split_of_folder(picture.file)
    return picture._replace(splits=frozenset([split])) if split else picture


def _check_once(pictures: Sequence[Picture]) -> None:
    files = [picture.file for picture in pictures]
    seen: set[str] = set()
    twice = sorted({file for file in files if file in seen or seen.add(file)})
    if twice:
        raise UserError(
            f"Images that have labels in two places, of which it is unclear which ones count: {listed(twice)}."
        )
