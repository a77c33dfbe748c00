"""LabelMe: a JSON file per image, with polygons, rectangles, circles and masks, painted as LabelMe does."""

import base64
import binascii
import io
import math
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from PIL import Image, ImageDraw

from mnv3.lraspp.data.formats.labels import Masks, Meaning, Picture, Undrawable
from mnv3.lraspp.data.formats.legend import Legend
from mnv3.lraspp.data.formats.meaning import Asked
from mnv3.lraspp.data.formats.outlines import OVERLAP, background_of, meaning_of, values_of
from mnv3.tools.data.folder.files import Mistake
from mnv3.tools.data.folder.json_files import labelme_documents
from mnv3.tools.data.folder.listing import Listing
from mnv3.tools.data.folder.notes import Notes, Wrong
from mnv3.tools.data.folder.place import place
from mnv3.tools.data.folder.values import is_class_name, number
from mnv3.tools.errors import UserError
from mnv3.tools.images.read import image_size
from mnv3.tools.text.plain import listed

POINTS = {"rectangle": 2, "mask": 2, "circle": 2, "polygon": 3}
"""Fewest points by shape_type. A mask has the corners of its box, a circle its centre and a point of it."""

FARTHEST = 1e5
"""Pixels from the corner of the image; farther points would only cost time."""

NO_AREA = "points and lines are left out, because they enclose nothing"


class Shape(NamedTuple):
    """`mask`: pixels [h, w] bool of a mask, whose first point is its corner."""

    kind: str
    name: str
    points: tuple[tuple[float, float], ...]
    mask: Any = None


def read_labelme(listing: Listing, files: list[str], legend: Legend | None, asked: Asked) -> Masks:
    """Read `files`. Raises UserError with all mistakes."""
    wrong, notes = Wrong(listing.root), Notes()
    pictures: list[Picture] = []
    lost: list[str] = []
    for file, document in labelme_documents(listing, files, wrong):
        stated = document.get("imagePath")
        image = place(listing, wrong, notes, stated if isinstance(stated, str) else "", file, own=True)
        shapes = _shapes(document["shapes"], file, wrong, notes)
        if image in listing.known:
            pictures.append(Picture(image, file, shapes=shapes, size=_size(document)))
        else:
            lost.append(file)
    wrong.raise_if_any()
    names = sorted({shape.name for picture in pictures for shape in picture.shapes})
    if not names:
        raise UserError(f"{listing.root}: no label names a class (LabelMe, {len(files)} JSON files).")
    meaning = meaning_of(asked, legend, names, f"{listing.root}")
    named = f"in {legend.source}" if legend else "by the labels"
    problems = (f"{len(lost)} label files have no image: {listed(lost)}.",) if lost else ()
    masks = Masks(f"{len(files)} JSON files", named, meaning, pictures, [*notes.lines(), OVERLAP], problems)
    masks.draw, masks.content = partial(_draw, listing.root, meaning), f"LabelMe {meaning}"
    return masks


def _shapes(shapes: list[Any], file: str, wrong: Wrong, notes: Notes) -> tuple[Shape, ...]:
    found = []
    for place_, shape in enumerate(shapes, start=1):
        try:
            if not isinstance(shape, dict) or not is_class_name(shape.get("label")):
                raise Mistake('shapes without a "label"')
            kind = shape.get("shape_type", "polygon")
            if kind not in POINTS:
                notes.add(NO_AREA, file)
                continue
            points = _points(kind, shape.get("points"))
            found.append(Shape(kind, shape["label"].strip(), points, _mask(shape, points) if kind == "mask" else None))
        except Mistake as mistake:
            detail = f", {mistake.detail}" if mistake.detail else ""
            wrong.add(mistake.kind, f"{file} (shape {place_}{detail})")
    return tuple(found)


def _size(document: dict[str, Any]) -> tuple[int, int] | None:
    height, width = document.get("imageHeight"), document.get("imageWidth")
    return (height, width) if type(height) is int and type(width) is int else None


def _points(kind: str, given: Any) -> tuple[tuple[float, float], ...]:
    points = []
    for point in given if isinstance(given, list) else []:
        x, y = map(number, point) if isinstance(point, list) and len(point) == 2 else (None, None)
        if x is None or y is None or max(abs(x), abs(y)) > FARTHEST:
            raise Mistake("shapes whose points are not pairs of numbers near the image", kind)
        points.append((x, y))
    if len(points) < POINTS[kind]:
        least = ", ".join(f"a {name} needs {count}" for name, count in POINTS.items())
        raise Mistake(f"shapes with too few points: {least}", f"a {kind} with {len(points)}")
    return tuple(points)


def _mask(shape: dict[str, Any], points: tuple[tuple[float, float], ...]) -> np.ndarray:
    """Return the pixels of a mask, a PNG in base64 that fills its box. Raises Mistake."""
    (left, top), (right, bottom) = ((int(x), int(y)) for x, y in points[:2])
    try:
        with Image.open(io.BytesIO(base64.b64decode(shape.get("mask") or "", validate=True)), formats=("PNG",)) as png:
            if (png.width, png.height) != (right - left + 1, bottom - top + 1):
                raise Mistake("masks of another size than their box", f"{png.width}x{png.height}")
            return np.array(png.convert("L")) > 0
    except Mistake:
        raise
    except (binascii.Error, TypeError):
        raise Mistake("masks that are not base64") from None
    except Exception:  # decoders raise many kinds for damaged files
        raise Mistake("masks that are not a PNG, or damaged") from None


def _draw(root: Path, meaning: Meaning, picture: Picture) -> np.ndarray:
    """Paint the shapes in their order. Raises Undrawable: the image has another size."""
    size = image_size(root / picture.file)
    if picture.size not in (None, size, size[::-1]):
        raise Undrawable("labels of another size than their image")
    height, width = picture.size or size
    canvas = Image.new("L", (width, height), background_of(meaning))
    values = values_of(meaning)
    for shape in picture.shapes:
        _paint(canvas, shape, values[shape.name])
    return np.array(canvas)


def _paint(canvas: Image.Image, shape: Shape, value: int) -> None:
    """Paint a shape as labelme.utils.shape_to_mask draws it: by Pillow, edges included."""
    pen = ImageDraw.Draw(canvas)
    if shape.kind == "polygon":
        pen.polygon(list(shape.points), outline=value, fill=value)
    elif shape.kind == "rectangle":
        (x, y), (other_x, other_y) = shape.points[:2]
        corners = (min(x, other_x), min(y, other_y)), (max(x, other_x), max(y, other_y))
        pen.rectangle(corners, outline=value, fill=value)
    elif shape.kind == "circle":
        (x, y), edge = shape.points[:2]
        radius = math.dist((x, y), edge)
        pen.ellipse((x - radius, y - radius, x + radius, y + radius), outline=value, fill=value)
    else:
        stencil = Image.fromarray(np.where(shape.mask, 255, 0).astype(np.uint8))
        canvas.paste(value, (int(shape.points[0][0]), int(shape.points[0][1])), stencil)
