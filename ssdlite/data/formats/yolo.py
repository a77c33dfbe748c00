"""YOLO: a text file per image, with or without a data.yaml."""

import os
from pathlib import PurePosixPath

from mnv3.ssdlite.data.formats.labels import Labels, Picture, numbered
from mnv3.ssdlite.data.formats.names import FILES, names_file, read_names
from mnv3.ssdlite.data.formats.yolo_lines import Classes, read_lines
from mnv3.ssdlite.data.formats.yolo_yaml import DataYaml, find_yaml, read_yaml
from mnv3.tools.data.folder.files import Mistake, read_text
from mnv3.tools.data.folder.listing import Listing
from mnv3.tools.data.folder.notes import Notes, Wrong
from mnv3.tools.errors import UserError
from mnv3.tools.text.plain import listed

BACKGROUND = "images without a label file count as images without objects, as YOLO's do"
ORPHANS = "label files without an image are left out"


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
        boxes = read_lines(listing, label, classes, wrong, notes) if label else ()
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
