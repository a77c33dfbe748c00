"""LabelMe: a JSON file per image, with rectangles, polygons and circles."""

import math
from typing import Any

from mnv3.ssdlite.data.coco.keys import LARGEST_SIDE
from mnv3.ssdlite.data.formats.labels import Box, Labels, Picture, around, numbered, sorted_names
from mnv3.ssdlite.data.formats.names import listed_names
from mnv3.tools.data.folder.files import Mistake
from mnv3.tools.data.folder.json_files import labelme_documents
from mnv3.tools.data.folder.listing import Listing
from mnv3.tools.data.folder.notes import Notes, Wrong
from mnv3.tools.data.folder.place import place
from mnv3.tools.data.folder.values import is_class_name, number

POINTS = {"rectangle": 2, "mask": 2, "circle": 2, "polygon": 3}
"""Fewest points by shape_type. A mask has the corners of its box, a circle its centre and a point of it."""

OUTLINES = "polygons, circles and masks are trained on as the boxes around them"
NO_BOXES = "points and lines are left out, because they enclose nothing"


def read_labelme(listing: Listing, files: list[str]) -> Labels:
    """Read `files`. Raises UserError with all mistakes."""
    wrong, notes = Wrong(listing.root), Notes()
    pictures = []
    for file, document in labelme_documents(listing, files, wrong):
        stated = document.get("imagePath")
        image = place(listing, wrong, notes, stated if isinstance(stated, str) else "", file, own=True)
        boxes = _boxes(document["shapes"], file, wrong, notes)
        pictures.append(Picture(image, _size(document), boxes))
    wrong.raise_if_any()
    names = listed_names(listing, pictures) or sorted_names(pictures)
    return Labels(f"{len(files)} JSON files", numbered(names), pictures, notes.lines())


def _boxes(shapes: list[Any], file: str, wrong: Wrong, notes: Notes) -> tuple[Box, ...]:
    boxes = []
    for number_, shape in enumerate(shapes, start=1):
        try:
            if not isinstance(shape, dict) or not is_class_name(shape.get("label")):
                raise Mistake('shapes without a "label"')
            kind = shape.get("shape_type", "polygon")
            if kind not in POINTS:
                notes.add(NO_BOXES, file)
                continue
            boxes.append(Box(shape["label"].strip(), _around(kind, _points(kind, shape.get("points")))))
            if kind != "rectangle":
                notes.add(OUTLINES, file)
        except Mistake as mistake:
            detail = f", {mistake.detail}" if mistake.detail else ""
            wrong.add(mistake.kind, f"{file} (shape {number_}{detail})")
    return tuple(boxes)


def _points(kind: str, given: Any) -> list[tuple[float, float]]:
    points = []
    for point in given if isinstance(given, list) else []:
        x, y = map(number, point) if isinstance(point, list) and len(point) == 2 else (None, None)
        if x is None or y is None:
            raise Mistake("shapes whose points are not pairs of numbers", kind)
        points.append((x, y))
    if len(points) < POINTS[kind]:
        least = ", ".join(f"a {name} needs {count}" for name, count in POINTS.items())
        raise Mistake(f"shapes with too few points: {least}", f"a {kind} with {len(points)}")
    return points


def _around(kind: str, points: list[tuple[float, float]]) -> tuple[float, float, float, float]:
    if kind != "circle":
        return around(points)
    (x, y), edge = points[:2]
    radius = math.dist((x, y), edge)
    return x - radius, y - radius, 2 * radius, 2 * radius


def _size(document: dict[str, Any]) -> tuple[int, int] | None:
    height, width = document.get("imageHeight"), document.get("imageWidth")
    if type(height) is int and type(width) is int and all(1 <= side <= LARGEST_SIDE for side in (height, width)):
        return height, width
    return None
