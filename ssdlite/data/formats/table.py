"""CSV with a header: a row per box, columns found by their names."""

import csv
from pathlib import Path

from mnv3.ssdlite.data.coco.keys import LARGEST_SIDE
from mnv3.ssdlite.data.formats.labels import Box, Labels, Picture, numbered, sorted_names
from mnv3.ssdlite.data.formats.names import listed_names
from mnv3.tools.data.folder.files import Mistake, ends, read_text
from mnv3.tools.data.folder.listing import Listing
from mnv3.tools.data.folder.notes import Notes, Wrong
from mnv3.tools.data.folder.place import place
from mnv3.tools.data.folder.splits import split_of_label, split_of_name
from mnv3.tools.data.folder.values import is_class_name, number

COLUMNS = {
    "image": ("filename", "file_name", "image", "image_name", "image_path", "file", "path"),
    "class": ("class", "label", "class_name", "label_name", "category", "category_name", "name"),
    "xmin": ("xmin", "x_min", "x1", "left", "xtl"),
    "ymin": ("ymin", "y_min", "y1", "top", "ytl"),
    "xmax": ("xmax", "x_max", "x2", "right", "xbr"),
    "ymax": ("ymax", "y_max", "y2", "bottom", "ybr"),
    "x": ("x", "bbox_x", "box_x"),
    "y": ("y", "bbox_y", "box_y"),
    "w": ("w", "bbox_width", "bbox_w", "box_width", "box_w"),
    "h": ("h", "bbox_height", "bbox_h", "box_height", "box_h"),
    "width": ("width",),
    "height": ("height",),
    "image_width": ("image_width", "img_width"),
    "image_height": ("image_height", "img_height"),
    "split": ("split", "subset", "set"),
}
"""Accepted names of columns. `width` and `height` are the image's beside xmin, ymin, xmax, ymax, and the box's beside x
and y, the left upper corner."""

CORNERS = ("xmin", "ymin", "xmax", "ymax")
SIDES = (("x", "y", "w", "h"), ("x", "y", "width", "height"))


def find_table(listing: Listing) -> list[str]:
    """Return the CSV files whose header has an image, a class and a box."""
    return [file for file in listing.ending(".csv") if _is_table(listing.root / file)]


def read_table(listing: Listing, files: list[str]) -> Labels:
    """Read `files`. Raises UserError with all mistakes."""
    wrong, notes = Wrong(listing.root), Notes()
    pictures = [picture for file in files for picture in _read(listing, file, wrong, notes)]
    wrong.raise_if_any()
    names = listed_names(listing, pictures) or sorted_names(pictures)
    return Labels(files[0] if len(files) == 1 else f"{len(files)} CSV files", numbered(names), pictures, notes.lines())


def _is_table(path: Path) -> bool:
    columns = _columns(next(csv.reader([_first_line(ends(path))], delimiter=_delimiter(ends(path))), []))
    return "image" in columns and "class" in columns and _box_columns(columns) is not None


def _first_line(text: str) -> str:
    return next(iter(text.splitlines()), "").replace("\0", "")


def _delimiter(text: str) -> str:
    return max(",;\t", key=_first_line(text).count)


def _columns(header: list[str]) -> dict[str, int]:
    """Return the place of each of COLUMNS in a header."""
    names = [name.strip().lower().replace(" ", "_") for name in header]
    found = {key: [names.index(name) for name in accepted if name in names] for key, accepted in COLUMNS.items()}
    return {key: places[0] for key, places in found.items() if places}


def _box_columns(columns: dict[str, int]) -> tuple[str, ...] | None:
    return next((keys for keys in (CORNERS, *SIDES) if all(key in columns for key in keys)), None)


def _read(listing: Listing, file: str, wrong: Wrong, notes: Notes) -> list[Picture]:
    try:
        text = read_text(listing.root / file)
        rows = list(csv.reader(text.splitlines(), delimiter=_delimiter(text), strict=True))
    except Mistake as mistake:
        wrong.add(mistake.kind, file)
        return []
    except csv.Error as error:
        wrong.add("files that are not CSV", f"{file} ({error})")
        return []
    columns = _columns(rows[0])
    found: dict[str, Picture] = {}
    for line, row in enumerate(rows[1:], start=2):
        if not any(cell.strip() for cell in row):
            continue
        cells = {key: row[column].strip() for key, column in columns.items() if column < len(row)}
        try:
            picture = _row(listing, file, cells, columns, wrong, notes)
        except Mistake as mistake:
            wrong.add(
                mistake.kind, f"{file}, line {line} ({mistake.detail})" if mistake.detail else f"{file}, line {line}"
            )
            continue
        before = found.get(picture.file)
        if before is not None and (before.splits, before.size) != (picture.splits, picture.size):
            wrong.add("rows of one image with different sizes or splits", f"{file}, line {line} ({picture.file})")
        boxes = (before.boxes if before else ()) + picture.boxes
        found[picture.file] = picture._replace(boxes=boxes)
    return [found[name] for name in sorted(found)]


def _row(
    listing: Listing, file: str, cells: dict[str, str], columns: dict[str, int], wrong: Wrong, notes: Notes
) -> Picture:
    """Return the image of a row with its box, or without one where all its cells are empty. Raises Mistake."""
    if not cells.get("image"):
        raise Mistake("rows without an image")
    keys = _box_columns(columns)
    assert keys is not None, "only such files are read"
    word = cells.get("split", "")
    split = split_of_name(word) if word else split_of_label(file)
    if word and split is None:
        raise Mistake("splits other than train, val and test", word)
    texts = [cells.get(key, "") for key in keys]
    boxes = (_box(cells.get("class", ""), keys, texts),) if any(texts) else ()
    image = place(listing, wrong, notes, cells["image"], file)
    return Picture(image, _size(cells, keys), boxes, frozenset([split] if split else []))


def _box(name: str, keys: tuple[str, ...], texts: list[str]) -> Box:
    values = [number(text) for text in texts]
    if any(value is None for value in values):
        raise Mistake(f"rows whose {', '.join(keys)} are not four numbers", ", ".join(texts))
    if not is_class_name(name):
        raise Mistake("rows with a box, but without a class")
    left, top, third, fourth = (value for value in values if value is not None)
    if keys != CORNERS:
        return Box(name, (left, top, third, fourth))
    if third < left or fourth < top:
        raise Mistake("rows whose xmax or ymax is below xmin or ymin", ", ".join(texts))
    return Box(name, (left, top, third - left, fourth - top))


def _size(cells: dict[str, str], keys: tuple[str, ...]) -> tuple[int, int] | None:
    """Return the (H, W) of the image that a row states."""
    stated = [("image_height", "image_width"), *([("height", "width")] if keys != SIDES[1] else [])]
    for pair in stated:
        sides = [number(cells.get(key, "")) for key in pair]
        if all(side is not None and side == int(side) and 1 <= side <= LARGEST_SIDE for side in sides):
            return int(sides[0] or 0), int(sides[1] or 0)
    return None
