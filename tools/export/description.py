"""The description of an exported file, in its metadata."""

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from mnv3.tools.errors import UserError
from mnv3.tools.predict.operating_point import read_point
from mnv3.tools.runs.saved_config import checked

PREFIX = "mnv3."
MOST_CLASSES = 100_000
LONGEST_NAME = 40  # of a task
KINDS, PRECISIONS = ("whole", "raw"), ("float32", "int8")


class ClassRow(NamedTuple):
    """A class: its number in the results, name, original number in the data set, colour (RGB)."""

    number: int
    name: str
    id: int
    colour: list[int]


class Description(NamedTuple):
    """Every field is a JSON entry `mnv3.<field>` of the metadata."""

    version: str
    """Of mnv3."""
    task: str
    kind: str
    """ "whole": from image bytes to results; "raw": the network alone."""
    precision: str
    """ "float32" or "int8"."""
    input_size: list[int] | None
    """Height and width of the network's input; None: those of the images."""
    preprocessing: str
    """What an image goes through, in words; for "raw", what the user must do."""
    rules: dict[str, Any]
    """Fields of the task's `Preset`, except the anchors, which are an output of a raw detector."""
    classes: list[ClassRow]
    figures: dict[str, float]
    """Scores of the source."""
    config: dict[str, Any]
    """Of the source run, with its data set; empty without one."""
    source: str
    command: str
    operating_point: dict[str, Any] | None = None
    """Of a detector, see `tools.predict.operating_point`; None: unknown."""


def properties_for(description: Description) -> dict[str, str]:
    """Return the entries of the metadata."""
    return {PREFIX + name: json.dumps(value) for name, value in description._asdict().items()}


def in_words(description: Description) -> str:
    """Return a few sentences for viewers of files, which display them first."""
    what = {"whole": "The pipeline is inside, from RGB bytes to results", "raw": "The network alone"}[description.kind]
    return (
        f"{description.task} of {len(description.classes)} classes by mnv3 {description.version}, "
        f"{description.precision}. {what}: {description.preprocessing}. "
        f"The entries {PREFIX}... of the metadata hold classes, rules, scores and configuration as JSON."
    )


def description_of(properties: Mapping[str, str], path: object) -> Description:
    """Read the description back; `path` for messages. Raises UserError: not from mnv3, or from a later version."""
    found: dict[str, Any] = {
        name.removeprefix(PREFIX): value for name, value in properties.items() if name.startswith(PREFIX)
    }
    missing = [name for name in Description._fields if name not in found]
    if len(missing) == len(Description._fields):
        raise UserError(f"{path}: not written by `mnv3 export`: its inputs and outputs are not described.")
    try:
        needed = [name for name in Description._fields if name in found or name not in Description._field_defaults]
        values = {name: json.loads(found[name]) for name in needed}
        classes = [ClassRow(*row) for row in values.pop("classes")]
        description = Description(**values, classes=classes)
        _check(description)
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError):
        of = found.get("version", "of unknown version").strip('"')
        raise UserError(f"{path}: its description cannot be read; it was written by mnv3 {of:.40}.") from None
    return description._replace(config=checked(description.config, path))


def _check(description: Description) -> None:
    """Raise ValueError or TypeError if a field has the wrong type."""
    texts = (description.version, description.task, description.preprocessing, description.source, description.command)
    size = description.input_size
    good = [
        all(isinstance(text, str) for text in texts),
        description.task.isidentifier() and len(description.task) <= LONGEST_NAME,
        description.kind in KINDS and description.precision in PRECISIONS,
        size is None or (len(size) == 2 and all(type(side) is int and side > 0 for side in size)),
        isinstance(description.rules, dict) and isinstance(description.figures, dict),
        len({row.number for row in description.classes}) == len(description.classes) > 0,
        all(_is_class(row) for row in description.classes),
    ]
    if not all(good):
        raise ValueError("a field of another type")
    read_point(description.operating_point, "operating_point")


def _is_class(row: ClassRow) -> bool:
    numbers = type(row.number) is int and 0 <= row.number < MOST_CLASSES and type(row.id) is int
    colour = len(row.colour) == 3 and all(type(part) is int and 0 <= part <= 255 for part in row.colour)
    return numbers and colour and isinstance(row.name, str)
