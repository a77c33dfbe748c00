"""Which images of a folder are in which split: by its folders and lists, or else a seeded share."""

from collections.abc import Sequence
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

from mnv3.tools.data.folder.splits import seeded_share, split_of_folder
from mnv3.tools.errors import UserError
from mnv3.tools.text.plain import listed

SPLIT_NAMES = ("train", "val", "test")


class Labelled(Protocol):
    """An image with its labels: its `file` in the folder, and the `splits` that the labels state."""

    @property
    def file(self) -> str: ...
    @property
    def splits(self) -> frozenset[str]: ...
    def _replace(self, **changes: Any) -> Any: ...


P = TypeVar("P", bound=Labelled)


class Splits(NamedTuple, Generic[P]):
    """Images by split, without empty ones; `seeded`: val is a share of train. `notes`: what was worked around."""

    pictures: dict[str, list[P]]
    seeded: bool
    notes: list[str]

    def share(self, dataset: Any) -> str:
        """Return a sentence on the validation images if they were held out; empty if they were not."""
        if not self.seeded:
            return ""
        return (
            f" There is no validation split, so {len(self.pictures['val'])} images are held out for it, chosen by "
            f"their names (dataset.val_share={dataset.val_share}, dataset.seed={dataset.seed})."
        )


def divide(pictures: Sequence[P], share: float, seed: int) -> Splits[P]:
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


def _with_splits(picture: P) -> P:
    split = None if picture.splits else split_of_folder(picture.file)
    return picture._replace(splits=frozenset([split])) if split else picture


def _check_once(pictures: Sequence[P]) -> None:
    files = [picture.file for picture in pictures]
    seen: set[str] = set()
    twice = sorted({file for file in files if file in seen or seen.add(file)})
    if twice:
        raise UserError(
            f"Images that have labels in two places, of which it is unclear which ones count: {listed(twice)}."
        )
