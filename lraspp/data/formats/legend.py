"""Files that name the classes: CVAT's labelmap.txt, a CSV of names and colours, or a names file."""

import csv
import re
from collections import Counter
from pathlib import Path
from typing import NamedTuple

from mnv3.lraspp.data.formats.labels import IGNORED
from mnv3.lraspp.data.frames import MOST_CLASSES, SegClass
from mnv3.lraspp.data.labels.names_file import COLOUR, read_names
from mnv3.tools.data.folder.files import Mistake, ends, read_text
from mnv3.tools.data.folder.listing import Listing
from mnv3.tools.drawing.paint import class_colour
from mnv3.tools.errors import UserError
from mnv3.tools.text.plain import is_plain, listed, plain

NAMES_FILES = ("classes.txt", "names.txt", "labels.txt", "class_names.txt")
"""Files of class names, one a line."""

LABELMAP = re.compile(r"^[^:#\n]+:\s*(\d+\s*,\s*\d+\s*,\s*\d+)?\s*:[^:\n]*:[^:\n]*$", re.MULTILINE)
"""A line of CVAT's labelmap.txt: name:r,g,b:parts:actions."""

CHANNELS = (("r", "red"), ("g", "green"), ("b", "blue"))
NAME_COLUMNS = ("name", "class", "label", "class_name", "classname", "category")


class Legend(NamedTuple):
    """The classes that a file lists. `by_colour`: each has a colour of its own, which marks it in label files.
    `has_ids`: their ids are written in the file, not only their order."""

    source: str
    classes: tuple[SegClass, ...]
    by_colour: bool
    has_ids: bool
    ignores: bool = False


def find_legend(listing: Listing, names: str | None) -> Legend | None:
    """Return the classes in the file `names`, or else in the folder's file that is nearest to its top: labelmap.txt, a
    CSV of colours, a names file. Raises UserError for mistakes."""
    if names is not None:
        return read_legend(Path(names).expanduser(), names)
    kinds = (
        [file for file in listing.files if _last(file) == "labelmap.txt"],
        [file for file in listing.ending(".csv") if _columns(_header(ends(listing.root / file)))],
        [file for file in listing.files if _last(file) in NAMES_FILES],
    )
    found = next((files for files in kinds if files), [])
    if not found:
        return None
    file = min(found, key=lambda name: (name.count("/"), name))
    return read_legend(listing.root / file, file)


def read_legend(path: Path, source: str) -> Legend:
    """Read any such file. Raises UserError."""
    try:
        text = read_text(path)
    except Mistake as mistake:
        missing = "" if path.is_file() else ": there is no such file"
        raise UserError(f"dataset.names: {path} cannot be read{missing or f' ({mistake.kind})'}.") from None
    if path.suffix.lower() == ".csv" or _columns(_header(text)):
        return Legend(source, _checked(path, _of_table(path, text)), True, False)
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    if lines and all(LABELMAP.match(line) for line in lines):
        return Legend(source, _checked(path, [_of_labelmap(path, line) for line in lines]), True, False)
    return _of_names(path, source, lines)


def _of_names(path: Path, source: str, lines: list[str]) -> Legend:
    classes = read_names(path, None)
    coloured = all(COLOUR.search(line.strip()) for line in lines)
    has_ids = bool(lines) and all(re.match(r"\s*\d+\s+\S", line) for line in lines)
    by_colour = coloured and len({entry.colour for entry in classes}) == len(classes)
    ignores = classes[0].name == IGNORED and not has_ids
    if ignores:  # LabelMe's labels.txt, in which it has the id -1
        classes = tuple(entry._replace(id=entry.id - 1) for entry in classes[1:])
    return Legend(source, classes, by_colour, has_ids, ignores)


def _of_labelmap(path: Path, line: str) -> tuple[str, tuple[int, ...]]:
    name, colour = (part.strip() for part in line.split(":")[:2])
    if not colour:
        raise UserError(f"{path}: {plain(name)} has no colour; expected name:r,g,b::.")
    return name, tuple(int(part) for part in colour.split(","))


def _of_table(path: Path, text: str) -> list[tuple[str, tuple[int, ...]]]:
    columns = _columns(_header(text))
    if columns is None:
        raise UserError(f"{path}: expected a header with a column name and columns r, g, b.")
    rows = []
    for number, row in enumerate(csv.reader(text.splitlines()[1:]), start=2):
        if not any(field.strip() for field in row):
            continue
        fields = [row[place].strip() if place < len(row) else "" for place in columns]
        if not all(field.isascii() and field.isdecimal() and len(field) < 4 for field in fields[1:]):
            raise UserError(f"{path}, line {number}: r, g and b must be whole numbers from 0 to 255.")
        rows.append((fields[0], tuple(map(int, fields[1:]))))
    return rows


def _columns(header: list[str]) -> list[int] | None:
    """Return the places of name, red, green and blue in the header of a table, None if it lacks one."""
    wanted = (NAME_COLUMNS, *CHANNELS)
    found = [next((place for place, word in enumerate(header) if word in words), None) for words in wanted]
    return None if None in found else [place for place in found if place is not None]


def _header(text: str) -> list[str]:
    first = text.lstrip("\ufeff").split("\n", 1)[0]
    return [word.strip().strip('"').lower() for word in first.split(",")]


def _checked(path: Path, rows: list[tuple[str, tuple[int, ...]]]) -> tuple[SegClass, ...]:
    """Return the classes, numbered in order. Raises UserError: names or colours that are none, or there twice."""
    problems, names = [], [name for name, _ in rows]
    if not rows:
        problems.append(f"{path} names no class.")
    if len(rows) > MOST_CLASSES:
        problems.append(f"{path} names {len(rows)} classes; the limit is {MOST_CLASSES}.")
    if odd := [repr(name) for name in names if not name or not is_plain(name)]:
        problems.append(f"{path}: class names must be text, not empty; not so: {listed(odd)}.")
    if odd := [name for name, colour in rows if max(colour) > 255]:
        problems.append(f"{path}: colours must be of numbers from 0 to 255; not so: {listed(odd)}.")
    for what, counts in (("name", Counter(names)), ("colour", Counter(colour for _, colour in rows))):
        if twice := [value for value, count in counts.items() if count > 1]:
            problems.append(f"{path}: {what} used twice: {listed(twice)}.")
    if problems:
        raise UserError(*problems)
    return tuple(SegClass(name, (r, g, b), None, number) for number, (name, (r, g, b)) in enumerate(rows))


def _last(file: str) -> str:
    return file.rpartition("/")[2].lower()


def drawn_colours(names: list[str]) -> tuple[SegClass, ...]:
    """Return classes of these names, numbered from 0, in colours of ours."""
    return tuple(SegClass(name, class_colour(number), None, number) for number, name in enumerate(names))
