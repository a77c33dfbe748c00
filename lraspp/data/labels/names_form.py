"""Detect names files that are not one class per line: headings, tables and lists would shift every class."""

import json
import re
from collections.abc import Mapping

NO_NAME = re.compile(r"(0|-\d+)\s+\S")
"""Beginnings of lines with an id; another number may begin a name, as in `2 wheeler`."""
WITH_ID = re.compile(r"(\d+)\s+(\S.*)$")
KEYED = re.compile(r"\d+\s*[:=]")
COLOUR_LAST = re.compile(r".*\s\d{1,3}\s+\d{1,3}\s+\d{1,3}$")
ID_LAST = re.compile(r"(\S.*?)\s+(\d{1,9})$")
COLUMN = re.compile(r"\s*[\"']?(\d+|#[0-9a-fA-F]{3,8})[\"']?\s*$")
"""A field of a table that is a number or a colour."""

HEADINGS = {"name", "class", "label", "category", "names", "classes", "labels", "categories"}
BESIDE = {"id", "ids", "index", "value", "number", "color", "colour", "rgb", "r", "g", "b", "hex", "of", "the"}
"""Further words of a heading."""

FORM = "write one name per line, or `id name`, optionally with a colour as in `road #804080`"


def form_mistake(rows: Mapping[int, str]) -> str | None:
    """Return the end of a sentence on what `rows` (line number -> text) are instead of classes; None if plausible."""
    lines = list(rows.values())
    several = len(lines) > 1
    if _is_json("\n".join(lines)):
        return f"is JSON: {FORM}."
    if several and (all(line.startswith("- ") for line in lines) or all(map(KEYED.match, lines))):
        return f"is a list in YAML: {FORM}."
    if several and _has_columns(lines):
        return f"is a table of columns: {FORM}."
    if _is_heading(lines[0]):
        what = f"line {next(iter(rows))}: {lines[0]!r} looks like a heading, which would shift every class"
        return f"{what}: remove it. If it is a class, write ids: `0 {lines[0]}`."
    without = [number for number, line in rows.items() if not WITH_ID.match(line)]
    meant = any(map(NO_NAME.match, lines)) or 2 * len(without) < len(lines)
    if without and meant:
        where = ", ".join(map(str, without[:5]))
        return f"line {where}: no id of at least 0, but other lines have one: put one before every name, or none."
    if several and _are_ids_last(lines):
        return "has the ids after the names: write `id name`."
    return None


def _is_json(text: str) -> bool:
    try:
        return isinstance(json.loads(text), (list, dict))
    except (ValueError, RecursionError):
        return False


def _has_columns(lines: list[str]) -> bool:
    """Whether the lines, maybe below a heading, have a column of numbers or colours."""
    return all(map(COLOUR_LAST.match, lines)) or any(_is_table(lines[1:], separator) for separator in ",;")


def _is_table(lines: list[str], separator: str) -> bool:
    """Whether all lines have equally many fields, with numbers or colours in the same one."""
    rows = [line.split(separator) for line in lines]
    if len({len(row) for row in rows}) > 1 or len(rows[0]) == 1:
        return False
    return any(all(COLUMN.match(field) for field in column) for column in zip(*rows, strict=True))


def _is_heading(line: str) -> bool:
    if line.startswith("#"):
        return True
    if WITH_ID.match(line):
        return False
    words = set(re.findall(r"[^\W\d_]+", line.lower()))
    return bool(words & HEADINGS) and words <= HEADINGS | BESIDE


def _are_ids_last(lines: list[str]) -> bool:
    """Whether every line has a different name and number, and the numbers are not simply 0, 1, ..."""
    matches = [match for line in lines if (match := ID_LAST.match(line))]
    names, numbers = {match[1] for match in matches}, [int(match[2]) for match in matches]
    return len(names) == len(set(numbers)) == len(lines) and numbers != list(range(len(lines)))
