"""What an exported file says of itself, in its metadata."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from tools.errors import UserError

if TYPE_CHECKING:
    import onnx

PREFIX = "mnv3."


class ClassRow(NamedTuple):
    """A class: its number in the results, its name, the data set's own number of it, its colour (RGB)."""

    number: int
    name: str
    id: int
    colour: list[int]


class Description(NamedTuple):
    """Every field is an entry `mnv3.<field>` of the metadata, in JSON."""

    version: str
    """Of mnv3."""
    task: str
    kind: str
    """ "whole": from the bytes of images to results; "raw": the network alone."""
    precision: str
    """ "float32" or "int8"."""
    input_size: list[int] | None
    """Height and width of the network's input; None: those of the images."""
    preprocessing: str
    """What an image goes through, in words: for "raw", what is left to the user."""
    rules: dict[str, Any]
    """Fields of the task's `Preset`, but for the anchors, which a raw detector has as an output."""
    classes: list[ClassRow]
    figures: dict[str, float]
    """Scores of the source."""
    config: dict[str, Any]
    """Of the run it is from, with its data set; empty without one."""
    source: str
    command: str


def properties_for(description: Description) -> dict[str, str]:
    """The entries of the metadata."""
    return {PREFIX + name: json.dumps(value) for name, value in description._asdict().items()}


def describe(model: "onnx.ModelProto", description: Description) -> None:
    """Write the metadata of `model`."""
    from onnx.helper import set_model_props

    set_model_props(model, properties_for(description))


def description_of(properties: Mapping[str, str], path: object) -> Description:
    """Read it back; `path` for messages. Raises UserError: a file of somebody else, or of a later version."""
    found: dict[str, Any] = {
        name.removeprefix(PREFIX): value for name, value in properties.items() if name.startswith(PREFIX)
    }
    missing = [name for name in Description._fields if name not in found]
    if len(missing) == len(Description._fields):
        raise UserError(f"{path}: not one of `mnv3 export`: it does not say what its inputs and outputs mean.")
    try:
        values = {name: json.loads(found[name]) for name in Description._fields}
        classes = [ClassRow(*row) for row in values.pop("classes")]
        return Description(**values, classes=classes)
    except (KeyError, TypeError, ValueError):
        of = found.get("version", "of unknown version").strip('"')
        raise UserError(f"{path}: its description cannot be read; it was written by mnv3 {of}.") from None
