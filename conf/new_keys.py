"""Fill in keys that were added after a configuration was saved, with their defaults."""

from copy import deepcopy
from dataclasses import MISSING as NO_DEFAULT
from typing import Any

from mnv3.conf.keys import MISSING
from mnv3.conf.schema import RECIPES, VARIANTS, VERBS, leaves


def completed(config: dict[str, Any]) -> dict[str, Any]:
    """Return a copy of a run's `config` with the schema's default for each key it lacks."""
    whole = deepcopy(config)
    for key, default in _defaults(config).items():
        *sections, leaf = key.split(".")
        place: Any = whole
        for section in sections:
            place = place.setdefault(section, {}) if isinstance(place, dict) else None
        if isinstance(place, dict):
            place.setdefault(leaf, default)
    return whole


def _defaults(config: dict[str, Any]) -> dict[str, Any]:
    """Map dotted keys to defaults, by the schema of this task and data set."""
    task, dataset = (str((config.get(section) or {}).get("name")) for section in ("task", "dataset"))
    fields = leaves(VERBS["train"])
    for section, node in (
        ("task.", VARIANTS.get(task)),
        ("dataset.", VARIANTS.get(dataset)),
        ("recipe.", RECIPES.get(task)),
    ):
        fields |= leaves(node, section) if node else {}
    values = {
        key: field.default_factory() if field.default is NO_DEFAULT else field.default for key, field in fields.items()
    }
    return {key: value for key, value in values.items() if value != MISSING}
