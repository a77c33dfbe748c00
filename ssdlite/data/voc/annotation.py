"""Read one annotation file of PASCAL VOC."""

import math
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import NamedTuple

from mnv3.ssdlite.data.coco.annotations import ROUNDING
from mnv3.ssdlite.data.coco.keys import LARGEST_NUMBER, LARGEST_SIDE
from mnv3.tools.data.voc import NAMES

REFUSED = ("<!DOCTYPE", "<!ENTITY")
"""Document types and entities: they can grow without limit or fetch other files, and VOC's files have none."""

SIDES = ("xmin", "ymin", "xmax", "ymax")


class Object(NamedTuple):
    """`category`: 1..20, see NAMES. `box`: x, y, width, height. `difficult`: hard to recognise, so not to be scored."""

    category: int
    box: tuple[float, float, float, float]
    difficult: bool


class Annotation(NamedTuple):
    """`size` (H, W) of an image, and its objects."""

    size: tuple[int, int]
    objects: tuple[Object, ...]


class Mistake(Exception):
    """What is wrong with a file: `kind`, a phrase for all files with it, and `detail`."""

    def __init__(self, kind: str, detail: str = "") -> None:
        super().__init__(kind)
        self.kind, self.detail = kind, detail


def read_annotation(path: Path, mistakes: list[Mistake]) -> Annotation | None:
    """Read and check an XML file; append what is wrong to `mistakes`, and return None if nothing of it can be used."""
    try:
        root = _parse(path)
        size = root.find("size")
        height, width = (_side(size, key) for key in ("height", "width"))
    except Mistake as mistake:
        mistakes.append(mistake)
        return None
    objects = []
    for entry in root.findall("object"):
        try:
            objects.append(_object(entry, height, width))
        except Mistake as mistake:
            mistakes.append(mistake)
    return Annotation((height, width), tuple(objects))


def _parse(path: Path) -> ET.Element:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise Mistake("images without an annotation file") from None
    except OSError as error:
        raise Mistake("annotation files that cannot be read", error.strerror or "") from None
    except UnicodeError:
        raise Mistake("annotation files that are not UTF-8 text") from None
    if any(mark in text for mark in REFUSED):
        raise Mistake("annotation files with a document type or entities, which are never read")
    try:
        root = ET.fromstring(text)
    except (ET.ParseError, ValueError) as error:
        raise Mistake("annotation files that are not XML, or cut short", str(error)) from None
    if root.tag != "annotation":
        raise Mistake("annotation files without <annotation> as their root", f"<{root.tag}>")
    return root


def _side(size: ET.Element | None, key: str) -> int:
    text = _text(size, key)
    if not (text.isdecimal() and text.isascii() and len(text) < 8 and 1 <= int(text) <= LARGEST_SIDE):
        kind = f"annotation files whose <size> has no width and height from 1 to {LARGEST_SIDE:,}"
        raise Mistake(kind, f"{key} {text}" if text else f"no {key}")
    return int(text)


def _object(entry: ET.Element, height: int, width: int) -> Object:
    name, difficult = _text(entry, "name"), _text(entry, "difficult")
    if name not in NAMES:
        raise Mistake("objects of a class that VOC does not have", name or "no name")
    if difficult not in ("", "0", "1"):
        raise Mistake("objects whose <difficult> is not 0 or 1", difficult)
    if len(boxes := entry.findall("bndbox")) != 1:
        raise Mistake("objects without exactly one <bndbox>", f"a {name} has {len(boxes)}")
    xmin, ymin, xmax, ymax = (_number(_text(boxes[0], side)) for side in SIDES)
    # Corners are pixels counted from 1, both inclusive: xmin=1, xmax=W is as wide as the image, here 0 to W. Detectron2
    # reads them the same way.
    x, y, box_width, box_height = xmin - 1, ymin - 1, xmax - xmin + 1, ymax - ymin + 1
    place = f"a {name} at {xmin:g}, {ymin:g}, {xmax:g}, {ymax:g} in {width}x{height} pixels"
    if box_width <= 0 or box_height <= 0:
        raise Mistake("boxes whose xmax or ymax is below xmin or ymin", place)
    if min(x, y) < -ROUNDING or x + box_width > width + ROUNDING or y + box_height > height + ROUNDING:
        raise Mistake("boxes outside their image", place)
    return Object(NAMES.index(name) + 1, (x, y, box_width, box_height), difficult == "1")


def _number(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not abs(number) <= LARGEST_NUMBER:  # NaN is neither
        raise Mistake(f"boxes whose {', '.join(SIDES)} are not four numbers", text)
    return number


def _text(parent: ET.Element | None, key: str) -> str:
    """Return the text of the first child `key`; empty if there is none."""
    return ((parent.findtext(key) if parent is not None else None) or "").strip()
