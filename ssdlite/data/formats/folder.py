"""`dataset=boxes`: look at a folder, read whatever format its labels have, and open a split of it."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from mnv3.ssdlite.data.coco.annotations import CocoData
from mnv3.ssdlite.data.formats.coco import find_coco_json, read_coco_json
from mnv3.ssdlite.data.formats.convert import as_coco
from mnv3.ssdlite.data.formats.cvat import find_cvat, read_cvat
from mnv3.ssdlite.data.formats.labelme import find_labelme, read_labelme
from mnv3.ssdlite.data.formats.labels import Labels
from mnv3.ssdlite.data.formats.share import Splits, divide
from mnv3.ssdlite.data.formats.table import COLUMNS, find_table, read_table
from mnv3.ssdlite.data.formats.voc import find_voc, read_voc
from mnv3.ssdlite.data.formats.yolo import find_yolo, read_yolo
from mnv3.tools.data.folder.listing import Listing, list_folder
from mnv3.tools.data.reader import Log
from mnv3.tools.errors import Absent, UserError
from mnv3.tools.text.plain import listed
from mnv3.tools.text.words import either


class Format(NamedTuple):
    """A label format: `find` returns its files in a folder, `read` reads them."""

    title: str
    files: str
    find: Callable[[Listing], list[str]]
    read: Callable[[Listing, list[str]], Labels]


FORMATS = {
    "coco": Format("COCO", "a JSON file with images, annotations, categories", find_coco_json, read_coco_json),
    "yolo": Format("YOLO", "data.yaml, or labels/*.txt with classes.txt", find_yolo, read_yolo),
    "voc": Format("Pascal VOC", "an XML file per image", find_voc, read_voc),
    "labelme": Format("LabelMe", "a JSON file per image", find_labelme, read_labelme),
    "cvat": Format("CVAT", "annotations.xml", find_cvat, read_cvat),
    "csv": Format(
        "CSV",
        f"a table with a header, e.g. {', '.join(names[0] for names in list(COLUMNS.values())[:6])}",
        find_table,
        read_table,
    ),
}
"""The choices of `dataset.format`."""

_logged: dict[str, set[str]] = {}
"""Splits opened since the folder was last described: training opens two, and describes it once."""


def open_folder(dataset: Any, root: Path, split: str, log: Log) -> CocoData:
    """Open a split of the folder `dataset.path`, see `ssdlite.data.sets`."""
    if not dataset.path:
        raise UserError("dataset=boxes needs dataset.path=DIR, a folder of images and labels.")
    listing = list_folder(Path(dataset.path).expanduser())
    title, labels = _read(listing, dataset.format)
    splits = divide(labels.pictures, dataset.val_share, dataset.seed)
    if _is_first(listing.root, split):
        for line in (
            _summary(title, labels, splits, dataset),
            *labels.notes,
            *_unlabelled(listing, labels),
            *splits.notes,
        ):
            log(line)
    pictures = splits.pictures.get(split)
    if pictures is None:
        there = [f"{name} ({len(entries)} images)" for name, entries in splits.pictures.items()]
        raise Absent(f"{listing.root} has no split '{split}'; it has {', '.join(there)}.")
    return as_coco(listing.root, labels, pictures, dataset.class_slots, dataset.max_boxes)


def _read(listing: Listing, asked: str | None) -> tuple[str, Labels]:
    """Find the format and read the labels. Raises UserError: no format, several, or mistakes in the labels."""
    found = {name: files for name in FORMATS if asked in (None, name) and (files := FORMATS[name].find(listing))}
    if not found:
        looked = [FORMATS[asked]] if asked in FORMATS else list(FORMATS.values())
        expected = "; ".join(f"{entry.title} ({entry.files})" for entry in looked)
        raise UserError(
            f"There are {len(listing.images)} images in {listing.root}, but no labels: looked for {expected}."
        )
    if len(found) > 1:
        words = either([f"{FORMATS[name].title} ({listed(files)})" for name, files in found.items()])
        choices = either([f"dataset.format={name}" for name in found])
        raise UserError(
            f"{listing.root} has labels in several formats: {words.replace(' or ', ' and ')}. Add {choices}."
        )
    ((name, files),) = found.items()
    labels = FORMATS[name].read(listing, files)
    if not labels.names:
        raise UserError(f"{listing.root}: no label names a class ({FORMATS[name].title}, {labels.source}).")
    return FORMATS[name].title, labels


def _is_first(root: Path, split: str) -> bool:
    """Whether `split` is the first one opened, or opened again: then the folder is described."""
    opened = _logged.setdefault(os.path.realpath(root), set())
    if opened and split not in opened:
        opened.add(split)
        return False
    opened.clear()
    opened.add(split)
    return True


def _summary(title: str, labels: Labels, splits: Splits, dataset: Any) -> str:
    counts = ", ".join(f"{name} {len(entries):,}" for name, entries in splits.pictures.items())
    names = list(labels.names.values())
    share = (
        f" There is no validation split, so {len(splits.pictures['val'])} images are held out for it, chosen by their "
        f"names (dataset.val_share={dataset.val_share}, dataset.seed={dataset.seed})."
        if splits.seeded
        else ""
    )
    classes = f"{len(names)} class{'es' if len(names) > 1 else ''} ({listed(names)})"
    return f"{title}: {labels.source}, {classes}; {counts} images.{share}"


def _unlabelled(listing: Listing, labels: Labels) -> list[str]:
    """Return a note on images that the labels do not name, in folders of images that they do."""
    named = {picture.file for picture in labels.pictures}
    folders = {os.path.dirname(file) for file in named}
    others = [image for image in listing.images if image not in named and os.path.dirname(image) in folders]
    return [f"images without labels are left out: {len(others)}: {listed(others)}."] if others else []
