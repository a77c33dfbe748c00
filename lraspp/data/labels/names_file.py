"""The names file of your own masks: the class of each value in label files."""

import re
from collections.abc import Mapping
from pathlib import Path

from mnv3.lraspp.data.frames import MOST_CLASSES, SegClass
from mnv3.lraspp.data.labels.names_form import WITH_ID, form_mistake
from mnv3.tools.drawing.paint import class_colour
from mnv3.tools.errors import UserError
from mnv3.tools.text.plain import plain

COLOUR = re.compile(r"\s+#([0-9a-fA-F]{6})$")

DIGITS = 9
"""Digits of an id that are read: enough to see that it does not fit."""

REPORTED = 10
"""Mistakes reported one by one."""


def read_names(path: Path, ignore: int | None) -> tuple[SegClass, ...]:
    """Read classes from a text file: one name per line, with ids 0, 1, ...; or `id name` on every line, in any order.

    Lines may end with #rrggbb; empty ones are skipped. `ignore`: an id of no class. Raises UserError with all mistakes.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except UnicodeDecodeError:
        raise UserError(f"dataset.names: {path} cannot be read as text: save it in UTF-8.") from None
    except OSError as error:
        raise UserError(f"dataset.names: {path} cannot be read as text: {error.strerror or error}.") from None
    rows = {number: line.strip() for number, line in enumerate(lines, start=1) if line.strip()}
    if rows and (mistake := form_mistake(rows)):
        raise UserError(f"dataset.names: {path} {plain(mistake)}")
    return classes_of_lines(rows, f"{path}", ignore)


def classes_of_lines(rows: Mapping[int, str], where: str, ignore: int | None) -> tuple[SegClass, ...]:
    """Return the classes in the lines of a names file, by line number. Raises UserError as `read_names`."""
    with_ids = bool(rows) and all(WITH_ID.match(text) for text in rows.values())
    classes: list[SegClass] = []
    problems: list[str] = []
    for number, text in rows.items():
        entry = _entry(text, with_ids, len(classes))
        classes.append(entry)
        problems += [f"{where}, line {number}: {problem}" for problem in _mistakes(entry, classes[:-1], ignore)]
    if not classes:
        problems.append(f"{where} names no class: write one name per line.")
    if len(classes) > MOST_CLASSES:
        problems.append(f"{where} names {len(classes)} classes; the limit is {MOST_CLASSES}.")
    if len(problems) > REPORTED:
        problems[REPORTED:] = [f"{where} has {len(problems) - REPORTED} more such mistakes."]
    if problems:
        raise UserError(*problems)
    return tuple(sorted(classes, key=lambda entry: entry.id))


def _entry(text: str, with_ids: bool, count: int) -> SegClass:
    colour = COLOUR.search(text)
    text = text[: colour.start()] if colour else text
    found = WITH_ID.match(text) if with_ids else None
    number, name = (int(found[1][:DIGITS]), found[2]) if found else (count, text)
    rgb = tuple(bytes.fromhex(colour[1])) if colour else class_colour(count)
    return SegClass(name, (rgb[0], rgb[1], rgb[2]), None, number)


def _mistakes(entry: SegClass, before: list[SegClass], ignore: int | None) -> list[str]:
    problems, name = [], plain(entry.name)
    if name != entry.name:
        problems.append(f"the name {name} has control characters.")
    if entry.id > 255:
        problems.append(f"id {entry.id} of {name} does not fit in 8 bits (0 to 255).")
    if entry.id == ignore:
        problems.append(f"id {entry.id} of {name} is dataset.ignore.")
    problems += [f"id {entry.id} is used by {plain(other.name)} already." for other in before if other.id == entry.id]
    problems += [f"there is a class {name} already." for other in before if other.name == entry.name]
    return problems
