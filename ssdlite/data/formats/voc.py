"""Pascal VOC: an XML file per image, beside it or in Annotations, with lists of the splits in ImageSets, or without."""

import re
import xml.etree.ElementTree as ET
from typing import NamedTuple

from mnv3.ssdlite.data.coco.keys import LARGEST_SIDE
from mnv3.ssdlite.data.formats.labels import Box, Labels, Picture, numbered, sorted_names
from mnv3.ssdlite.data.formats.names import listed_names
from mnv3.ssdlite.data.voc.annotation import one_based, stated, text_of
from mnv3.tools.data.folder.files import Mistake, ends, read_xml
from mnv3.tools.data.folder.image_sets import image_sets
from mnv3.tools.data.folder.listing import Listing, stem
from mnv3.tools.data.folder.notes import Notes, Wrong
from mnv3.tools.data.folder.place import place
from mnv3.tools.data.folder.values import is_class_name

ROOT = re.compile(r"<annotation[\s>]")

DIFFICULT = "boxes marked difficult are left out of training, and ignored in scoring like COCO's crowds"
FROM_1 = "the corners are whole numbers from 1: pixels counted from 1, as VOC does (xmin-1, ymin-1, xmax, ymax)"
FROM_0 = "some corners are 0 or fractions, so all are taken as they are, not as VOC's pixels counted from 1"


class Stated(NamedTuple):
    """An object as in its file; `corners`: xmin, ymin, xmax, ymax."""

    name: str
    corners: tuple[float, float, float, float]
    difficult: bool


def find_voc(listing: Listing) -> list[str]:
    """Return the label files."""
    return [file for file in listing.ending(".xml") if ROOT.search(ends(listing.root / file))]


def read_voc(listing: Listing, files: list[str]) -> Labels:
    """Read `files`. Raises UserError with all mistakes."""
    wrong, notes, lists = Wrong(listing.root), Notes(), image_sets(listing, "Main")
    read: list[tuple[Picture, list[Stated]]] = []
    for file in files:
        try:
            root = read_xml(listing.root / file, "annotation")
        except Mistake as mistake:
            wrong.add(mistake.kind, f"{file} ({mistake.detail})" if mistake.detail else file)
            continue
        image = place(listing, wrong, notes, text_of(root, "filename"), file, own=True)
        splits = frozenset(split for split, names in lists.items() if stem(file) in names)
        read.append((Picture(image, _size(root.find("size")), (), splits), _objects(root, file, wrong, notes)))
    wrong.raise_if_any()
    if lists:
        for picture, _ in read:
            if not picture.splits:
                notes.add("labels of images that are in no list of ImageSets/Main are left out", picture.file)
        read = [entry for entry in read if entry[0].splits]
    corners = [corner for _, objects in read for entry in objects for corner in entry.corners]
    counted_from_1 = all(corner >= 1 and corner == int(corner) for corner in corners)
    pictures = [
        picture._replace(boxes=tuple(_box(entry, counted_from_1) for entry in objects)) for picture, objects in read
    ]
    names = listed_names(listing, pictures) or sorted_names(pictures)
    convention = [f"VOC: {FROM_1 if counted_from_1 else FROM_0}."] if corners else []
    source = f"{len(files)} XML files{', ImageSets/Main' if lists else ''}"
    return Labels(source, numbered(names), pictures, [*convention, *notes.lines()])


def _objects(root: ET.Element, file: str, wrong: Wrong, notes: Notes) -> list[Stated]:
    objects = []
    for entry in root.findall("object"):
        try:
            found = Stated(*stated(entry))
            if not is_class_name(found.name):
                raise Mistake("objects without a name")
            xmin, ymin, xmax, ymax = found.corners
            if xmax < xmin or ymax < ymin:
                raise Mistake("boxes whose xmax or ymax is below xmin or ymin", f"a {found.name}")
        except Mistake as mistake:
            wrong.add(mistake.kind, f"{file} ({mistake.detail})" if mistake.detail else file)
            continue
        if found.difficult:
            notes.add(DIFFICULT, file)
        objects.append(found)
    return objects


def _box(entry: Stated, counted_from_1: bool) -> Box:
    xmin, ymin, xmax, ymax = entry.corners
    box = one_based(entry.corners) if counted_from_1 else (xmin, ymin, xmax - xmin, ymax - ymin)
    return Box(entry.name, box, entry.difficult)


def _size(size: ET.Element | None) -> tuple[int, int] | None:
    """Return (H, W), None if they are missing or 0, as some tools write them: then the image's own count."""
    texts = [text_of(size, key) for key in ("height", "width")]
    sides = [int(text) if text.isascii() and text.isdecimal() and len(text) < 8 else 0 for text in texts]
    return (sides[0], sides[1]) if all(1 <= side <= LARGEST_SIDE for side in sides) else None
