"""Experiments, one per row of the paper's tables: name patterns, and whether a run still matches its row."""

import fnmatch
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from mnv3.cli.call.arguments import Arguments
from mnv3.cli.call.composing import Composer, composer
from mnv3.tools.errors import UserError
from mnv3.tools.paper.tables import row
from mnv3.tools.text.words import format_value

GLOB = re.compile(r"experiment=(?P<quote>[\"']?)glob\((?P<patterns>.*)\)(?P=quote)")

NOT_THE_NETWORK = ("backbone.weights", "backbone.weights_inputs")
"""Keys of the task and the backbone that set initial weights, not the network."""


def with_names(verb: str, given: Arguments, config_dir: Path | None) -> Arguments:
    """Expand experiment=glob(table6/*) in the call, because Hydra's own glob does not search folders.

    Takes comma-separated shell patterns. Raises UserError if a pattern matches no experiment.
    """
    if not any(GLOB.fullmatch(text) for text in given.overrides):
        return given
    with composer(verb, config_dir) as compose:
        names = compose.options("experiment")
    return given._replace(overrides=[_written_out(text, names) for text in given.overrides])


def _written_out(text: str, names: list[str]) -> str:
    found = GLOB.fullmatch(text)
    if found is None:
        return text
    patterns = [pattern.strip(" \"'") for pattern in found["patterns"].strip("[]").split(",")]
    fitting = {pattern: fnmatch.filter(names, pattern) for pattern in patterns}
    if idle := [pattern for pattern, fits in fitting.items() if not fits]:
        raise UserError(f"{text}: no experiment matches {idle[0]}. Available: {', '.join(names)}.")
    return "experiment=" + ",".join(dict.fromkeys(name for fits in fitting.values() for name in fits))


def of_row(compose: Composer, name: str, dataset: str | None = None) -> dict[str, Any]:
    """Return the configuration of the experiment `name`, on its own data set or on `dataset`."""
    on = [f"dataset={dataset}"] if dataset and dataset in compose.options("dataset") else []
    return OmegaConf.to_container(compose([f"experiment={name}", *on]), resolve=True)  # type: ignore[return-value]


def changes(config: Mapping[str, Any], experiment: Mapping[str, Any]) -> list[str]:
    """Return the differences of the network of `config` from that of `experiment`, as key=value.

    Keys that `config` lacks, because it is older than they are, do not count.
    """
    found = []
    for section in ("task", "backbone"):
        for name, value in experiment[section].items():
            key = f"{section}.{name}"
            if key not in NOT_THE_NETWORK and config[section].get(name, value) != value:
                found.append(f"{key}={format_value(config[section][name])}")
    return found


def leave_row_if_changed(cfg: DictConfig) -> str | None:
    """Clear `cfg.row` if the network is no longer that row's, and return a warning.

    Raises UserError if the paper has no such row.
    """
    if cfg.row is None:
        return None
    name = row(cfg.row).name
    with composer("train") as compose:
        experiment = of_row(compose, name, cfg.dataset.name)
    changed = changes(OmegaConf.to_container(cfg, resolve=True), experiment)  # type: ignore[arg-type]
    if not changed:
        return None
    cfg.row = None
    return f"{', '.join(changed)}: this is no longer the network of {name}, so the run does not count as that row."
