"""Check a composed configuration against the schemas in conf: choices, minimum values, missing values."""

from collections.abc import Callable
from dataclasses import Field, fields
from typing import Any, NamedTuple, get_type_hints

from omegaconf import DictConfig, ListConfig, OmegaConf

from mnv3.tools.text.words import closest, format_value, kind


class Leaf(NamedTuple):
    """A dotted key of a configuration, its type and its schema field."""

    key: str
    hint: Any
    field: Field

    @property
    def kind(self) -> str:
        return self.field.metadata.get("size") or kind(self.hint, self.field.metadata["choices"])


def leaves(config: DictConfig, prefix: str = "") -> dict[str, Leaf]:
    """Map dotted keys to leaves in the order of the schema, including keys of the data set and the task."""
    found: dict[str, Leaf] = {}
    node_type: Any = OmegaConf.get_type(config)
    hints = get_type_hints(node_type)
    for field in fields(node_type):
        key = prefix + field.name
        if "meaning" in field.metadata:
            found[key] = Leaf(key, hints[field.name], field)
        else:
            found |= leaves(config[field.name], f"{key}.")
    return found


def mistakes(config: DictConfig, now: Callable[[str], str]) -> list[str]:
    """Return a sentence for every key with an invalid value; `now` returns a key's default value."""
    missing = set(OmegaConf.missing_keys(config))
    problems = [f"{key} has no value: give {key}=VALUE." for key in sorted(missing)]
    for key, leaf in leaves(config).items():
        if key not in missing:
            problem = _of_leaf(leaf, OmegaConf.select(config, key))
            problems += [f"{problem} (now {now(key)})."] if problem else []
    return problems + _auto(config)


def _auto(config: DictConfig) -> list[str]:
    """Return a sentence for each key that is `auto` where no training images are opened to choose its value by."""
    if ("trainer" in config and "resume" in config) or "action" in config:  # mnv3 train, mnv3 data
        return []
    keys = [key for key in ("task.input_size", "backbone.weights") if OmegaConf.select(config, key) == "auto"]
    return [f"{key}=auto: only mnv3 train chooses it, by its images; give a value." for key in keys]


def _is_size(leaf: Leaf, value: Any) -> bool:
    """Whether `value` is a height and a width, or one of the words that the key accepts."""
    if not isinstance(value, (list, ListConfig)):  # a list if it comes from a resolver
        return value == "auto" or (value is None and leaf.field.metadata["null"])
    return len(value) == 2 and all(type(side) is int and side >= leaf.field.metadata["low"] for side in value)


def _of_leaf(leaf: Leaf, value: Any) -> str | None:
    """Return what is wrong with the value of one key, None if it is valid."""
    choices, low = leaf.field.metadata["choices"], leaf.field.metadata["low"]
    items = list(value) if isinstance(value, ListConfig) else [value]
    numbers = [item for item in items if isinstance(item, (int, float)) and not isinstance(item, bool)]
    if "size" in leaf.field.metadata:
        return None if _is_size(leaf, value) else f"{leaf.key}={format_value(value)}: must be {leaf.kind}"
    if any(number != number for number in numbers):
        return f"{leaf.key}={format_value(value)}: must be a number"
    if low is not None and any(number < low for number in numbers):
        return f"{leaf.key}={format_value(value)}: must be at least {format_value(low)}"
    number_is_free = bool(numbers) and not any(isinstance(choice, int) for choice in choices)
    if not choices or value is None or number_is_free or value in choices:
        return None
    near = closest(str(value), [str(choice) for choice in choices])
    hint = f"; did you mean {leaf.key}={near}?" if near else ""
    return f"{leaf.key}={format_value(value)}: must be {leaf.kind}{hint}"
