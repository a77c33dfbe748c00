"""`dataset=boxes`: look at a folder, read whatever format its labels have, and open a split of it."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mnv3.ssdlite.data.coco.annotations import CocoData
from mnv3.ssdlite.data.formats.coco import read_coco_json
from mnv3.ssdlite.data.formats.convert import as_coco
from mnv3.ssdlite.data.formats.cvat import find_cvat, read_cvat
from mnv3.ssdlite.data.formats.labelme import read_labelme
from mnv3.ssdlite.data.formats.labels import Labels, Picture
from mnv3.ssdlite.data.formats.table import COLUMNS, find_table, read_table
from mnv3.ssdlite.data.formats.voc import find_voc, read_voc
from mnv3.ssdlite.data.formats.yolo import find_yolo, read_yolo
from mnv3.tools.data.folder.formats import Format, choose, is_first
from mnv3.tools.data.folder.json_files import find_coco_json, find_labelme
from mnv3.tools.data.folder.listing import Listing, list_folder
from mnv3.tools.data.folder.share import Splits, divide
from mnv3.tools.data.reader import Log
from mnv3.tools.errors import Absent, UserError
from mnv3.tools.text.plain import listed

FORMATS: dict[str, Format[Callable[[Listing, list[str]], Labels]]] = {
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


def open_folder(dataset: Any, root: Path, split: str, log: Log) -> CocoData:
    """Open a split of the folder `dataset.path`, see `ssdlite.data.sets`."""
    if not dataset.path:
        raise UserError("dataset=boxes needs dataset.path=DIR, a folder of images and labels.")
    listing = list_folder(Path(dataset.path).expanduser())
    title, labels = _read(listing, dataset.format)
    splits = divide(labels.pictures, dataset.val_share, dataset.seed)
    if is_first(listing.root, split):
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
    name, files = choose(listing, FORMATS, asked)
    labels = FORMATS[name].read(listing, files)
    if not labels.names:
        raise UserError(f"{listing.root}: no label names a class ({FORMATS[name].title}, {labels.source}).")
    return FORMATS[name].title, labels


def _summary(title: str, labels: Labels, splits: Splits[Picture], dataset: Any) -> str:
    counts = ", ".join(f"{name} {len(entries):,}" for name, entries in splits.pictures.items())
    names = list(labels.names.values())
    classes = f"{len(names)} class{'es' if len(names) > 1 else ''} ({listed(names)})"
    return f"{title}: {labels.source}, {classes}; {counts} images.{splits.share(dataset)}"


def _unlabelled(listing: Listing, labels: Labels) -> list[str]:
    """Return a note on images that the labels do not name, in folders of images that they do."""
    named = {picture.file for picture in labels.pictures}
    folders = {os.path.dirname(file) for file in named}
    others = [image for image in listing.images if image not in named and os.path.dirname(image) in folders]
    return [f"images without labels are left out: {len(others)}: {listed(others)}."] if others else []
