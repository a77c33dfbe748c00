"""A label file of YOLO: lines `class x y width height` or `class x1 y1 x2 y2 ...`, in shares of the image's sides."""

from typing import NamedTuple

from mnv3.ssdlite.data.formats.labels import Box, around
from mnv3.tools.data.folder.files import Mistake, read_text
from mnv3.tools.data.folder.listing import Listing
from mnv3.tools.data.folder.notes import Notes, Wrong
from mnv3.tools.data.folder.values import number

TOLERANCE = 0.01
"""By which a share may be below 0 or above 1, by rounding; the box is clipped to the image."""

POLYGON = "polygons are trained on as the boxes around them"
KEYPOINTS = "keypoints are left out"


class Classes(NamedTuple):
    """`names`: class names by id. `has_keypoints`: lines go on after the box with points of a pose."""

    names: dict[int, str]
    has_keypoints: bool


def read_lines(listing: Listing, file: str, classes: Classes, wrong: Wrong, notes: Notes) -> tuple[Box, ...]:
    """Return the boxes of a label file; what is wrong is added to `wrong`."""
    try:
        lines = read_text(listing.root / file).splitlines()
    except Mistake as mistake:
        wrong.add(mistake.kind, file)
        return ()
    boxes = []
    for place, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            boxes.append(_box(line.split(), classes, notes, file))
        except Mistake as mistake:
            wrong.add(mistake.kind, f"{file}, line {place} ({mistake.detail})")
    return tuple(boxes)


def _box(words: list[str], classes: Classes, notes: Notes, file: str) -> Box:
    """Return the box of a line, in shares of the image. Raises Mistake."""
    numbers = [number(word) for word in words]
    short = " ".join(words[:6]) + (" ..." if len(words) > 6 else "")
    if any(value is None for value in numbers):
        raise Mistake("lines that are not numbers", short)
    category, *values = [value for value in numbers if value is not None]
    if category not in classes.names:
        last = max(classes.names)
        raise Mistake(f"class ids without a name: there are {len(classes.names)} names, for 0 to {last}", words[0])
    if classes.has_keypoints and len(values) > 4:
        notes.add(KEYPOINTS, file)
        values = values[:4]
    if len(values) < 4 or len(values) % 2:
        kind = "lines that are neither `class x y width height` nor `class` and the x y of three points or more"
        raise Mistake(kind, short)
    if min(values) < -TOLERANCE or max(values) > 1 + TOLERANCE:
        raise Mistake("numbers outside 0 to 1; YOLO's are shares of the image's width and height, not pixels", short)
    name = classes.names[int(category)]
    if len(values) > 4:
        notes.add(POLYGON, file)
        return Box(name, around(list(zip(values[::2], values[1::2], strict=True))))
    x, y, width, height = values
    return Box(name, (x - width / 2, y - height / 2, width, height))
