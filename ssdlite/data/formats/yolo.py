"""YOLO: a text file per image, with a line `class x y width height` or `class x1 y1 x2 y2 ...` per object, in shares of
the image."""

import os
from pathlib import PurePosixPath
from typing import NamedTuple

from mnv3.ssdlite.data.formats.labels import Box, Labels, Notes, Picture, Wrong, around, number, numbered
from mnv3.ssdlite.data.formats.names import FILES, names_file, read_names
from mnv3.ssdlite.data.formats.yolo_yaml import DataYaml, find_yaml, read_yaml
from mnv3.tools.data.folder.files import Mistake, read_text
from mnv3.tools.data.folder.listing import Listing
from mnv3.tools.errors import UserError
from mnv3.tools.text.plain import listed

TOLERANCE = 0.01
"""By which a share may be below 0 or above 1, by rounding; the box is clipped to the image."""

POLYGON = "polygons are trained on as the boxes around them"
KEYPOINTS = "keypoints are left out"
BACKGROUND = "images without a label file count as images without objects, as YOLO's do"
ORPHANS = "label files without an image are left out"


class Classes(NamedTuple):
    """`names`: class names by id. `has_keypoints`: lines go on after the box with points of a pose."""

    names: dict[int, str]
    has_keypoints: bool


def find_yolo(listing: Listing) -> list[str]:
    """Return data.yaml, or else the label files: in folders `labels`, or beside images where a file names classes."""
    if files := find_yaml(listing):
        return files
    texts = [file for file in listing.ending(".txt") if os.path.basename(file) not in FILES]
    beside = names_file(listing) is not None
    images = {str(PurePosixPath(image).with_suffix("")) for image in listing.images}
    return [
        file
        for file in texts
        if "labels" in file.lower().split("/")[:-1] or (beside and str(PurePosixPath(file).with_suffix("")) in images)
    ]


def read_yolo(listing: Listing, files: list[str]) -> Labels:
    """Read the labels of all images. Raises UserError with all mistakes."""
    wrong, notes, more = Wrong(listing.root), Notes(), []
    if files[0].endswith((".yaml", ".yml")):
        if len(files) > 1:
            raise UserError(f"{listing.root} has several files like YOLO's data.yaml: {listed(files)}; keep one.")
        stated = read_yaml(listing, files[0])
        splits, more = _listed_images(listing, stated, wrong), stated.notes
        classes, source = Classes(stated.names, stated.has_keypoints), stated.file
    else:
        splits = dict.fromkeys(_images(listing), frozenset())
        if (file := names_file(listing)) is None:
            raise UserError(
                f"{listing.root} has labels in YOLO's format, but nothing that names their classes: add data.yaml with "
                "names:, or classes.txt with one name per line."
            )
        classes, source = Classes(dict(enumerate(read_names(listing, file))), False), file
    found = {image: _label_of(listing, image) for image in splits}
    if not any(found.values()):
        raise UserError(
            f"{listing.root}: none of {len(splits)} images has a label file: expected labels/NAME.txt for "
            "images/NAME.jpg, or NAME.txt beside it."
        )
    pictures = []
    for image, label in sorted(found.items()):
        boxes = _read(listing, label, classes, wrong, notes) if label else ()
        pictures.append(Picture(image, None, boxes, splits[image], shares=True, labelled=label is not None))
        if label is None:
            notes.add(BACKGROUND, image)
    used = {label for label in found.values() if label}
    folders = {os.path.dirname(label) for label in used}
    for file in listing.ending(".txt"):
        if os.path.dirname(file) in folders and file not in used and os.path.basename(file) not in FILES:
            notes.add(ORPHANS, file)
    wrong.raise_if_any()
    return Labels(source, numbered(classes.names.values()), pictures, [*more, *notes.lines()])


def _images(listing: Listing) -> list[str]:
    """Return the images in folders where some have labels, or that are named so: others may be masks or previews."""
    labelled = {os.path.dirname(image) for image in listing.images if _label_of(listing, image)}
    return [
        image
        for image in listing.images
        if os.path.dirname(image) in labelled or "images" in image.lower().split("/")[:-1]
    ]


def _listed_images(listing: Listing, stated: DataYaml, wrong: Wrong) -> dict[str, frozenset[str]]:
    """Return the images of data.yaml with their splits. Raises UserError if there are none."""
    splits: dict[str, frozenset[str]] = {}
    for split, places in stated.splits.items():
        for place in places:
            if place in listing.known:
                images = _from_list(listing, place, wrong)
            else:
                images = [image for image in listing.images if image.startswith(f"{place}/" if place else "")]
            for image in images:
                splits[image] = splits.get(image, frozenset()) | {split}
    wrong.raise_if_any()
    if not splits:
        raise UserError(f"{listing.root / stated.file}: train and val lead to no image. {' '.join(stated.notes)}")
    return splits


def _from_list(listing: Listing, file: str, wrong: Wrong) -> list[str]:
    try:
        lines = read_text(listing.root / file).splitlines()
    except Mistake as mistake:
        wrong.add(mistake.kind, file)
        return []
    images = []
    for line in (line.strip() for line in lines if line.strip()):
        found = listing.find(line, "list.txt")
        if len(found) != 1:
            wrong.add("images of a list that are not in the folder, or there several times", f"{line} ({file})")
        images += found[:1]
    return images


def _label_of(listing: Listing, image: str) -> str | None:
    """Return the label file of an image: in `labels` instead of the last folder `images`, or beside it."""
    path = PurePosixPath(image).with_suffix(".txt")
    parts = list(path.parts)
    places = [i for i, part in enumerate(parts[:-1]) if part.lower() == "images"]
    candidates = [str(path)]
    if places:
        parts[places[-1]] = "labels"
        candidates.insert(0, "/".join(parts))
    return next((file for file in candidates if file in listing.known), None)


def _read(listing: Listing, file: str, classes: Classes, wrong: Wrong, notes: Notes) -> tuple[Box, ...]:
    try:
        lines = read_text(listing.root / file).splitlines()
    except Mistake as mistake:
        wrong.add(mistake.kind, file)
        return ()
    boxes = []
    for place, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            boxes.append(_box(line.split(), classes, notes, file))
        except Mistake as mistake:
            wrong.add(mistake.kind, f"{file}, line {place} ({mistake.detail})")
    return tuple(boxes)


def _box(words: list[str], classes: Classes, notes: Notes, file: str) -> Box:
    """Return the box of a line, in shares of the image. Raises Mistake."""
    numbers = [number(word) for word in words]
    short = " ".join(words[:6]) + (" ..." if len(words) > 6 else "")
    if any(value is None for value in numbers):
        raise Mistake("lines that are not numbers", short)
    category, *values = [value for value in numbers if value is not None]
    if category not in classes.names:
        last = max(classes.names)
        raise Mistake(f"class ids without a name: there are {len(classes.names)} names, for 0 to {last}", words[0])
    if classes.has_keypoints and len(values) > 4:
        notes.add(KEYPOINTS, file)
        values = values[:4]
    if len(values) < 4 or len(values) % 2:
        kind = "lines that are neither `class x y width height` nor `class` and the x y of three points or more"
        raise Mistake(kind, short)
    if min(values) < -TOLERANCE or max(values) > 1 + TOLERANCE:
        raise Mistake("numbers outside 0 to 1; YOLO's are shares of the image's width and height, not pixels", short)
    name = classes.names[int(category)]
    if len(values) > 4:
        notes.add(POLYGON, file)
        return Box(name, around(list(zip(values[::2], values[1::2], strict=True))))
    x, y, width, height = values
    return Box(name, (x - width / 2, y - height / 2, width, height))
