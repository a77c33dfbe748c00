"""A configuration read from a file: config.yaml of a run, a checkpoint, an exported file.

It is untrusted data: nothing in it is resolved (`${oc.env:...}` would reveal a secret), made into an object, or used
before its type is checked.
"""

import math
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import yaml
from omegaconf import OmegaConf

from mnv3.tools.errors import UserError
from mnv3.tools.files.write import read_small_text

LARGEST_FILE = 1_000_000  # bytes of a config.yaml; mnv3's have three thousand
DEEPEST, MOST = 16, 20_000  # levels, and values, of a configuration
MOST_PIXELS = 4096 * 4096  # of a network's input
WORD = re.compile(r"[\w.+-]{1,100}", re.ASCII)

Kind = Callable[[Any], bool]


def _whole(low: int, high: int) -> Kind:
    return lambda value: type(value) is int and low <= value <= high


def _number(low: float, high: float) -> Kind:
    return lambda value: type(value) in (int, float) and low <= value <= high


def _flag(value: Any) -> bool:
    return type(value) is bool


def _text(value: Any) -> bool:
    return type(value) is str and "\0" not in value


def _texts(value: Any) -> bool:
    return isinstance(value, (list, tuple)) and all(map(_text, value))


def _word(value: Any) -> bool:
    """Accept a name that leads out of no folder."""
    return type(value) is str and WORD.fullmatch(value) is not None and set(value) != {"."}


def is_size(value: Any) -> bool:
    """Accept height and width of an input, with no more pixels than a network can process in reasonable time."""
    sides = isinstance(value, (list, tuple)) and len(value) == 2 and all(map(_whole(1, 16384), value))
    return sides and value[0] * value[1] <= MOST_PIXELS


def _or_null(kind: Kind) -> Kind:
    return lambda value: value is None or kind(value)


def _ignored(value: Any) -> bool:
    """Accept a value of label files, a class name, or a list of them."""
    entries = value if isinstance(value, (list, tuple)) else [value]
    return all(_text(entry) or _whole(0, 2**31)(entry) for entry in entries)


KINDS: dict[str, Kind] = {
    "task.name": _word,
    "task.preset": _word,
    "task.input_size": _or_null(is_size),
    "task.head": _word,
    "task.filters": _whole(1, 4096),
    "task.gate": _or_null(_word),
    "task.pool": _or_null(_word),
    "task.skip": _flag,
    "backbone.name": _word,
    "backbone.rf2": _flag,
    "backbone.width": _number(0.05, 8),
    "backbone.output_stride": _whole(8, 32),
    "backbone.se": _flag,
    "backbone.hswish": lambda value: _flag(value) or _whole(8, 4096)(value),
    "backbone.max_kernel": _whole(3, 5),
    "backbone.stem": _or_null(_whole(1, 4096)),
    "backbone.padding": _or_null(_word),
    "backbone.weights": _or_null(_text),
    "dataset.name": _word,
    "dataset.class_slots": _word,
    "dataset.max_boxes": _whole(1, 10**6),
    "dataset.seed": _whole(0, 2**62),
    "dataset.train": _whole(1, 10**7),
    "dataset.val": _whole(1, 10**7),
    "dataset.height": _whole(1, 16384),
    "dataset.width": _whole(1, 16384),
    "dataset.val_share": _number(0, 1),
    "dataset.names": _or_null(_text),
    "dataset.ignore": _or_null(_ignored),
    "dataset.classes": _or_null(_texts),
    "data.root": _text,
    "data.on_error": _word,
    "data.cache": _or_null(_text),
    "eval.max_detections": _or_null(_whole(1, 10**6)),
    "recipe.name": _word,
    "recipe.batch_size": _whole(1, 10**6),
    "recipe.class_prior": _or_null(_number(0, 1)),
    "wandb.mode": _or_null(_word),
    "wandb.project": _text,
    "wandb.group": _or_null(_text),
    "wandb.name": _or_null(_text),
    "wandb.tags": _texts,
    "seed": _whole(0, 2**63),
    "row": _or_null(_text),
}
"""Key -> check of its value, for all keys used from a saved configuration. A data set's further keys are text."""

SECTIONS = ("task", "backbone", "dataset", "data", "recipe", "trainer", "wandb", "eval")


def read_config(path: Path) -> dict[str, Any]:
    """Return the content of a config.yaml, with `${` as plain text.
    Raises UserError: unreadable, not a mapping, not plain (see `checked`), or too large."""
    text = read_small_text(path, LARGEST_FILE)
    try:
        _refuse_tricks(text, path)
        config: Any = OmegaConf.to_container(OmegaConf.create(text), resolve=False)
    except UserError:
        raise
    except Exception as error:  # OmegaConf fails in arbitrary ways on odd YAML
        raise UserError(f"{path} cannot be read: it is damaged.") from error
    return checked(config, path, literal=True)


def _refuse_tricks(text: str, path: Path) -> None:
    """Refuse tags, which make objects, and aliases, a few of which can expand to billions of values."""
    depth = 0
    for count, event in enumerate(yaml.parse(text, Loader=yaml.SafeLoader)):
        starts = isinstance(event, (yaml.MappingStartEvent, yaml.SequenceStartEvent))
        ends = isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent))
        depth += starts - ends
        if depth > DEEPEST or count > 4 * MOST:
            raise UserError(f"{path} cannot be read: no configuration is nested so deep or has so many values.")
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise UserError(f"{path} cannot be read: it has anchors or aliases (& and *), which no configuration has.")
        if getattr(event, "tag", None):
            raise UserError(f"{path} cannot be read: it has tags (!), which no configuration has.")


def checked(config: Any, where: object, sections: tuple[str, ...] = (), *, literal: bool = False) -> dict[str, Any]:
    """Copy a saved configuration to plain dictionaries and lists, after checking that its values have the right types.

    Args:
        where: its source, for messages.
        sections: those that are required.
        literal: accept text with `${`, if it is only displayed.

    Raises:
        UserError: what is wrong with it.
    """
    if not isinstance(config, Mapping):
        raise UserError(f"{where} is not the whole configuration of a run, but a {type(config).__name__}.")
    plain = _Copy(where, literal)(config, "", 0)
    for section in SECTIONS:
        if section in sections and section not in plain:
            raise UserError(f"{where}: its configuration has no section {section}; the file was altered or damaged.")
        if section in plain and not isinstance(plain[section], dict):
            raise UserError(f"{where}: {section} in its configuration is no section; the file was altered or damaged.")
    for key, fits in KINDS.items():
        section, _, name = key.rpartition(".")
        place = plain.get(section, {}) if section else plain
        if name in place and not fits(place[name]):
            raise UserError(f"{where}: {key} in its configuration cannot be {short(place[name])}.")
    for name, value in plain.get("dataset", {}).items():
        if f"dataset.{name}" not in KINDS and not _or_null(_text)(value):
            raise UserError(f"{where}: dataset.{name} in its configuration cannot be {short(value)}.")
    return plain


class _Copy:
    """Copies plain values, and counts them, since a file can refer to one part of it very often."""

    def __init__(self, where: object, literal: bool) -> None:
        self.where, self.literal, self.count = where, literal, 0

    def __call__(self, value: Any, key: str, depth: int) -> Any:
        self.count += 1
        if self.count > MOST or depth > DEEPEST:
            raise UserError(f"{self.where}: its configuration is too large for one of mnv3; the file was altered.")
        if isinstance(value, Mapping):
            return {self._name(name, key): self(one, f"{key}.{name}", depth + 1) for name, one in value.items()}
        if isinstance(value, (list, tuple)):
            return [self(one, key, depth + 1) for one in value]
        if isinstance(value, str) and "${" in value and not self.literal:
            raise UserError(
                f"{self.where}: {key.lstrip('.')} in its configuration is {short(value)}; a saved configuration has "
                "values, and nothing in it is resolved."
            )
        plain = value is None or isinstance(value, (bool, int, str)) or (type(value) is float and math.isfinite(value))
        if not plain:
            raise UserError(f"{self.where}: {key.lstrip('.')} in its configuration cannot be {short(value)}.")
        return value

    def _name(self, name: Any, key: str) -> str:
        if not isinstance(name, str):
            raise UserError(f"{self.where}: {short(name)} in its configuration is no name of a key.")
        return name


def short(value: Any) -> str:
    """Format a value for a message, shortened."""
    plain = isinstance(value, (str, int, float, bool, list, type(None)))
    text = repr(value) if plain else f"a {type(value).__name__}"
    return text if len(text) <= 60 else f"{text[:56]}..."
