"""COCO JSON: one file per split (Roboflow, CVAT), or one for all (Label Studio)."""

import numpy as np

from mnv3.ssdlite.data.coco.read import read_instances
from mnv3.ssdlite.data.formats.labels import Box, Labels, Picture
from mnv3.tools.data.folder.listing import Listing
from mnv3.tools.data.folder.notes import Notes, Wrong
from mnv3.tools.data.folder.place import place
from mnv3.tools.data.folder.splits import split_of_label
from mnv3.tools.errors import UserError
from mnv3.tools.text.plain import listed


def read_coco_json(listing: Listing, files: list[str]) -> Labels:
    """Read `files`. Raises UserError with all mistakes of a file, or if they do not list the same classes."""
    wrong, moved = Wrong(listing.root), Notes()
    pictures: list[Picture] = []
    notes: list[str] = []
    names: dict[int, str] = {}
    for file in files:
        instances = read_instances(listing.root / file)
        if names and instances.category_names != names:
            differing = sorted(set(names.items()) ^ set(instances.category_names.items()))
            which = listed([f"{name} (id {number})" for number, name in differing])
            raise UserError(f"{files[0]} and {file} do not list the same categories: {which}.")
        names = instances.category_names
        notes += [note for note in instances.arrays["notes"] if note not in notes]
        pictures += _pictures(listing, file, names, instances.arrays, wrong, moved)
    wrong.raise_if_any()
    notes += moved.lines()
    return Labels(
        files[0] if len(files) == 1 else f"{len(files)} JSON files", dict(sorted(names.items())), pictures, notes
    )


def _pictures(
    listing: Listing, file: str, names: dict[int, str], arrays: dict[str, np.ndarray], wrong: Wrong, notes: Notes
) -> list[Picture]:
    split = split_of_label(file)
    boxes = [
        Box(names[category], (x, y, width, height), crowd, area)
        for category, (x, y, width, height), crowd, area in zip(
            *(arrays[key].tolist() for key in ("category_ids", "boxes", "crowd", "areas")), strict=True
        )
    ]
    pictures = []
    starts = arrays["starts"].tolist()
    for i, (number, name, size) in enumerate(
        zip(arrays["image_ids"].tolist(), arrays["file_names"].tolist(), arrays["sizes"].tolist(), strict=True)
    ):
        own = tuple(boxes[starts[i] : starts[i + 1]])
        image = place(listing, wrong, notes, name, file)
        splits = frozenset([split] if split else [])
        labelled = bool(arrays["has_annotations"])
        pictures.append(Picture(image, (size[0], size[1]), own, splits, number, labelled=labelled))
    return pictures
