"""The rows of the paper's tables as experiments: patterns over their names, and whether a run is still of its row."""

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
"""Keys of the task and the backbone that say what a training begins with, not what is trained."""


def with_names(verb: str, given: Arguments, config_dir: Path | None) -> Arguments:
    """The call with experiment=glob(table6/*) written out: Hydra's own glob does not look into folders.

    Patterns are the shell's, several of them apart by commas. Raises UserError for one that no experiment fits.
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
        raise UserError(f"{text}: no experiment is called {idle[0]}. There are {', '.join(names)}.")
    return "experiment=" + ",".join(dict.fromkeys(name for fits in fitting.values() for name in fits))


def of_row(compose: Composer, name: str, dataset: str | None = None) -> dict[str, Any]:
    """The configuration of the experiment `name`, on its own data set or on `dataset`."""
    on = [f"dataset={dataset}"] if dataset and dataset in compose.options("dataset") else []
    return OmegaConf.to_container(compose([f"experiment={name}", *on]), resolve=True)  # type: ignore[return-value]


def changes(config: Mapping[str, Any], experiment: Mapping[str, Any]) -> list[str]:
    """What makes the network of `config` another one than that of `experiment`, as key=value.

    A key that `config` does not have, because it is older than the key, changes nothing.
    """
    found = []
    for section in ("task", "backbone"):
        for name, value in experiment[section].items():
            key = f"{section}.{name}"
            if key not in NOT_THE_NETWORK and config[section].get(name, value) != value:
                found.append(f"{key}={format_value(config[section][name])}")
    return found


def leave_row_if_changed(cfg: DictConfig) -> str | None:
    """Take `cfg.row` away if the network is no longer that row's, and return a sentence about it.

    Raises UserError for a row that the paper does not have.
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
    return f"{', '.join(changed)}: no longer the network of {name}, so that this run does not count for that row."
