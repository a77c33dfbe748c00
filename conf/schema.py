"""Schemas of the configuration: types, meanings and choices of all keys, as plain dataclasses.

The YAML files hold the values; defaults here are for keys that a file may omit. `mnv3 VERB --help` prints the meanings.
`register()` passes the schemas to Hydra, which then rejects unknown keys and wrong types.
"""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any, get_type_hints

from mnv3.conf import datasets
from mnv3.conf.benchmark import Bench
from mnv3.conf.exporting import Export
from mnv3.conf.networks import Lraspp, Ssdlite
from mnv3.conf.predicting import Predict
from mnv3.conf.tables import Table
from mnv3.conf.training import LrasppRecipe, SsdliteRecipe
from mnv3.conf.verbs import DataVerb, Eval, Train

VERBS = {
    "train": Train,
    "eval": Eval,
    "predict": Predict,
    "export": Export,
    "data": DataVerb,
    "bench": Bench,
    "table": Table,
}
"""Schema of each verb: `conf/<verb>.yaml` starts its defaults list with `- /schema/<verb>`."""

VARIANTS = {
    "ssdlite": Ssdlite,
    "lraspp": Lraspp,
    **datasets.by_name(),
}
"""Schema of each option with its own keys: its file starts with `defaults: [/schema/<option>@_here_, _self_]`."""

RECIPES = {"ssdlite": SsdliteRecipe, "lraspp": LrasppRecipe}
"""Schema of each task's recipes: a verb with recipes lists `schema/recipe@recipe: ${task}` before them."""


def register() -> None:
    """Register the schemas with Hydra. Call it before composing, not at import."""
    from hydra.core.config_store import ConfigStore
    from omegaconf import OmegaConf

    # Values that depend on another key, such as the paper's length on the backbone:
    # ${by:${backbone.name},{large:1,small:2}}, or with a default: ${by:${dataset.name},{coco:1},2}
    OmegaConf.register_new_resolver("by", _by, replace=True)
    # trainer.devices as a number.
    OmegaConf.register_new_resolver("count", lambda devices: 1 if devices == "auto" else devices, replace=True)
    store = ConfigStore.instance()
    for name, node in VERBS.items():
        store.store(group="schema", name=name, node=node, package="_global_")
    for name, node in VARIANTS.items():
        store.store(group="schema", name=name, node=node)
    for name, node in RECIPES.items():
        store.store(group="schema/recipe", name=name, node=node)


def _by(choice: str, table: Mapping[str, Any], *otherwise: Any) -> Any:
    return table.get(choice, otherwise[0]) if otherwise else table[choice]


def leaves(node: type, prefix: str = "") -> dict[str, Any]:
    """Map dotted keys to dataclass fields, over all nested sections of `node`."""
    found: dict[str, Any] = {}
    types = get_type_hints(node)
    for item in fields(node):
        if is_dataclass(types[item.name]):
            found |= leaves(types[item.name], f"{prefix}{item.name}.")
        else:
            found[prefix + item.name] = item
    return found
