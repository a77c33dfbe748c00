"""CVAT's own XML ("CVAT for images 1.1"): one file for all images, with boxes, polygons, ellipses and masks."""

import math
import re
import xml.etree.ElementTree as ET

from mnv3.ssdlite.data.coco.keys import LARGEST_SIDE
from mnv3.ssdlite.data.formats.labels import Box, Labels, Picture, around, numbered, sorted_names
from mnv3.ssdlite.data.formats.names import check_names, listed_names
from mnv3.tools.data.folder.files import Mistake, ends, read_xml
from mnv3.tools.data.folder.listing import Listing
from mnv3.tools.data.folder.notes import Notes, Wrong
from mnv3.tools.data.folder.place import place
from mnv3.tools.data.folder.splits import split_of_label, split_of_name
from mnv3.tools.data.folder.values import number

ROOT = re.compile(r"<annotations[\s>]")

OUTLINES = "polygons, ellipses and masks are trained on as the boxes around them"
TURNED = "turned boxes are trained on as the upright boxes around them"
NO_BOXES = "points, lines, skeletons and tags are left out, because they enclose nothing"
WITHOUT_BOX = ("polyline", "points", "tag", "skeleton", "cuboid")
"""Elements that give no box."""


def find_cvat(listing: Listing) -> list[str]:
    """Return the label files."""
    return [file for file in listing.ending(".xml") if ROOT.search(ends(listing.root / file))]


def read_cvat(listing: Listing, files: list[str]) -> Labels:
    """Read `files`. Raises UserError with all mistakes."""
    wrong, notes = Wrong(listing.root), Notes()
    pictures: list[Picture] = []
    names: dict[str, None] = {}
    for file in files:
        try:
            root = read_xml(listing.root / file, "annotations")
            if root.find("track") is not None:
                raise Mistake('files of "CVAT for video", with tracks: export them as "CVAT for images 1.1"')
        except Mistake as mistake:
            wrong.add(mistake.kind, f"{file} ({mistake.detail})" if mistake.detail else file)
            continue
        for label in root.iterfind("meta//labels/label"):
            if (label.findtext("type") or "").strip() not in WITHOUT_BOX and label.find("parent") is None:
                names[(label.findtext("name") or "").strip()] = None
        split = split_of_label(file)
        for entry in root.iterfind("image"):
            image = place(listing, wrong, notes, entry.get("name", ""), file)
            own = split_of_name(entry.get("subset", "")) or split
            boxes = _boxes(entry, f"{file}, image {entry.get('name')}", wrong, notes)
            pictures.append(Picture(image, _size(entry), boxes, frozenset([own] if own else [])))
    wrong.raise_if_any()
    if names:
        check_names(f"{files[0]}: <labels>", names)
        for picture in pictures:
            for box in picture.boxes:
                if box.name not in names:
                    wrong.add("labels that are not in the <labels> of their file", f"{box.name} ({picture.file})")
        wrong.raise_if_any()
    classes = list(names) or listed_names(listing, pictures) or sorted_names(pictures)
    source = files[0] if len(files) == 1 else f"{len(files)} XML files"
    return Labels(source, numbered(classes), pictures, notes.lines())


def _boxes(image: ET.Element, where: str, wrong: Wrong, notes: Notes) -> tuple[Box, ...]:
    boxes = []
    for entry in image:
        name = (entry.get("label") or "").strip()
        try:
            if entry.tag in WITHOUT_BOX:
                notes.add(NO_BOXES, image.get("name", ""))
                continue
            if entry.tag not in SHAPES:
                raise Mistake("elements that CVAT for images 1.1 does not have", f"<{entry.tag}>")
            if not name:
                raise Mistake("objects without a label")
            boxes.append(Box(name, SHAPES[entry.tag](entry)))
        except Mistake as mistake:
            wrong.add(mistake.kind, f"{where} ({mistake.detail or name})")
            continue
        if entry.tag != "box":
            notes.add(OUTLINES, image.get("name", ""))
        elif number(entry.get("rotation")):
            notes.add(TURNED, image.get("name", ""))
    return tuple(boxes)


def _numbers(entry: ET.Element, *keys: str) -> list[float]:
    values = [number(entry.get(key)) for key in keys]
    if any(value is None for value in values):
        raise Mistake(f"objects whose {', '.join(keys)} are not numbers", f"a {entry.get('label')}")
    return [value for value in values if value is not None]


def _box(entry: ET.Element) -> tuple[float, float, float, float]:
    left, top, right, bottom = _numbers(entry, "xtl", "ytl", "xbr", "ybr")
    if right < left or bottom < top:
        raise Mistake("boxes whose xbr or ybr is below xtl or ytl", f"a {entry.get('label')}")
    angle = math.radians(number(entry.get("rotation")) or 0)
    if not angle:
        return left, top, right - left, bottom - top
    x, y, half_width, half_height = (left + right) / 2, (top + bottom) / 2, (right - left) / 2, (bottom - top) / 2
    across = half_width * abs(math.cos(angle)) + half_height * abs(math.sin(angle))
    down = half_width * abs(math.sin(angle)) + half_height * abs(math.cos(angle))
    return x - across, y - down, 2 * across, 2 * down


def _polygon(entry: ET.Element) -> tuple[float, float, float, float]:
    points = []
    for pair in (pair for pair in entry.get("points", "").split(";") if pair.strip()):
        values = [number(text) for text in pair.split(",")]
        if len(values) != 2 or values[0] is None or values[1] is None:
            raise Mistake("polygons whose points are not pairs of numbers", f"a {entry.get('label')}")
        points.append((values[0], values[1]))
    if len(points) < 3:
        raise Mistake("polygons with fewer than three points", f"a {entry.get('label')} with {len(points)}")
    return around(points)


def _ellipse(entry: ET.Element) -> tuple[float, float, float, float]:
    x, y, rx, ry = _numbers(entry, "cx", "cy", "rx", "ry")
    angle = math.radians(number(entry.get("rotation")) or 0)
    across = math.hypot(rx * math.cos(angle), ry * math.sin(angle))
    down = math.hypot(rx * math.sin(angle), ry * math.cos(angle))
    return x - across, y - down, 2 * across, 2 * down


def _mask(entry: ET.Element) -> tuple[float, float, float, float]:
    left, top, width, height = _numbers(entry, "left", "top", "width", "height")
    return left, top, width, height


SHAPES = {"box": _box, "polygon": _polygon, "ellipse": _ellipse, "mask": _mask}
"""Elements that give a box."""


def _size(image: ET.Element) -> tuple[int, int] | None:
    sides = [number(image.get(key)) for key in ("height", "width")]
    height, width = (int(side) if side is not None and 1 <= side <= LARGEST_SIDE else 0 for side in sides)
    return (height, width) if height and width else None
