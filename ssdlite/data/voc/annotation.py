"""Read one annotation file of PASCAL VOC."""

import math
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import NamedTuple

from mnv3.ssdlite.data.coco.annotations import ROUNDING
from mnv3.ssdlite.data.coco.keys import LARGEST_NUMBER, LARGEST_SIDE
from mnv3.tools.data.folder.files import Mistake, read_xml
from mnv3.tools.data.voc import NAMES

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


def read_annotation(path: Path, mistakes: list[Mistake]) -> Annotation | None:
    """Read and check an XML file; append what is wrong to `mistakes`, and return None if nothing of it can be used."""
    try:
        root = read_xml(path, "annotation")
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


def _side(size: ET.Element | None, key: str) -> int:
    text = text_of(size, key)
    if not (text.isdecimal() and text.isascii() and len(text) < 8 and 1 <= int(text) <= LARGEST_SIDE):
        kind = f"annotation files whose <size> has no width and height from 1 to {LARGEST_SIDE:,}"
        raise Mistake(kind, f"{key} {text}" if text else f"no {key}")
    return int(text)


def _object(entry: ET.Element, height: int, width: int) -> Object:
    if (given := text_of(entry, "name")) not in NAMES:
        raise Mistake("objects of a class that VOC does not have", given or "no name")
    name, corners, difficult = stated(entry)
    box = one_based(corners)
    place = f"a {name} at {', '.join(f'{corner:g}' for corner in corners)} in {width}x{height} pixels"
    x, y, box_width, box_height = box
    if box_width <= 0 or box_height <= 0:
        raise Mistake("boxes whose xmax or ymax is below xmin or ymin", place)
    if min(x, y) < -ROUNDING or x + box_width > width + ROUNDING or y + box_height > height + ROUNDING:
        raise Mistake("boxes outside their image", place)
    return Object(NAMES.index(name) + 1, box, difficult)


def stated(entry: ET.Element) -> tuple[str, tuple[float, float, float, float], bool]:
    """Return an object's name, its corners as in the file, and whether it is difficult. Raises Mistake."""
    name, difficult = text_of(entry, "name"), text_of(entry, "difficult")
    if difficult not in ("", "0", "1"):
        raise Mistake("objects whose <difficult> is not 0 or 1", difficult)
    if len(boxes := entry.findall("bndbox")) != 1:
        raise Mistake("objects without exactly one <bndbox>", f"a {name} has {len(boxes)}")
    xmin, ymin, xmax, ymax = (_number(text_of(boxes[0], side)) for side in SIDES)
    return name, (xmin, ymin, xmax, ymax), difficult == "1"


def one_based(corners: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
    """Return the box (x, y, width, height) of corners that are pixels counted from 1, both inclusive: xmin=1, xmax=W is
    as wide as the image, here 0 to W. Detectron2 reads them the same way."""
    xmin, ymin, xmax, ymax = corners
    return xmin - 1, ymin - 1, xmax - xmin + 1, ymax - ymin + 1


def _number(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not abs(number) <= LARGEST_NUMBER:  # NaN is neither
        raise Mistake(f"boxes whose {', '.join(SIDES)} are not four numbers", text)
    return number


def text_of(parent: ET.Element | None, key: str) -> str:
    """Return the text of the first child `key`; empty if there is none."""
    return ((parent.findtext(key) if parent is not None else None) or "").strip()
