"""Loads weights from files into networks: initial ones, and those of a trained network."""

import copy
import logging
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from torch import Tensor, nn

from mnv3.tools.errors import UserError
from mnv3.tools.text.words import format_value
from mnv3.tools.weights.checkpoint import load_fitting
from mnv3.tools.weights.formats import open_weights
from mnv3.tools.weights.tensors import sound_state

log = logging.getLogger("mnv3")

MOST_NAMED = 6
"""Tensors up to which each is named."""


class Begun(NamedTuple):
    """What a run does not begin with: a line per tensor that was not loaded, and a sentence on the class predictors
    unless all are the file's as they are."""

    left: Sequence[str]
    classes: str = ""


def load_first_weights(
    config: Mapping[str, Any],
    load_backbone: Callable[..., Sequence[str]],
    load_init: Callable[[str], Begun],
) -> None:
    """Load what the configuration names, backbone.weights or init or neither, and log what was not loaded.

    `load_backbone` takes a file or "imagenet", and the keywords `entries` (the file's content), `inputs` and `pixels`,
    and returns a line per tensor that was not loaded.
    """
    backbone, init = config["backbone"], config["init"]
    if weights := backbone["weights"]:
        file = None if weights == "imagenet" else open_weights(weights)
        if file and file.quantised:
            log.info("%s", file.quantised)
        entries, pixels = (file.tensors, file.pixels()) if file else (None, None)
        log_left(weights, load_backbone(weights, entries=entries, inputs=backbone["weights_inputs"], pixels=pixels))
    if init:
        begun = load_init(init)
        if begun.classes:
            log.info("%s", begun.classes)
        log_left(init, begun.left, part="the rest" if begun.classes else "all")


def log_left(source: str, left: Sequence[str], part: str = "all") -> None:
    """Log one line on what of `source`, or of a `part` of it, was not loaded."""
    if left:
        log.info("Not loaded from %s (random instead, or not needed): %s", source, "; ".join(_shortened(left)))
    else:
        log.info("Loaded %s of %s.", part, source)


def _shortened(left: Sequence[str]) -> Sequence[str]:
    """Return a few lines unchanged; many as one per part of the network, with its number of tensors."""
    if len(left) <= MOST_NAMED:
        return left
    return [f"{part} ({count})" for part, count in Counter(line.split(".")[0] for line in left).items()]


def load_init(network: nn.Module, source: Path | str, state: Mapping[str, Tensor]) -> list[str]:
    """Start with the weights of `source`, whose `state` has the network's names; what does not fit keeps its random
    values. Returns a line per tensor that was not loaded.

    Raises:
        UserError: nothing fits.
    """
    left = load_fitting(network, dict(state))
    if not any(name in state and state[name].shape == own.shape for name, own in network.state_dict().items()):
        raise UserError(
            f"{source}: none of its weights fits this network; those of a backbone go into backbone.weights."
        )
    return left


def load_found(network: nn.Module, source: Path | str, state: Mapping[str, Tensor], left: Sequence[str]) -> None:
    """Fill a `network` that was built for another project's file, and log what of the file was `left`.
    Raises UserError: the file is incomplete."""
    problems = load_fitting(network, dict(state))
    if missing := [line for line in problems if not line.endswith(": only in the file")]:
        raise UserError(
            f"{source} does not hold all weights of the network that it looks like ({missing[0]}, {len(missing)} in "
            "all); for a part of a network: mnv3 train init=FILE or backbone.weights=FILE."
        )
    log_left(str(source), [*left, *problems])


def settle(
    config: Mapping[str, Any] | None,
    found: Mapping[str, Any],
    asked: Mapping[str, Any],
    loose: Sequence[str],
    source: str,
) -> dict[str, Any]:
    """Return `config` with the options determined by a weights file instead of its own.

    `found`, `asked`: values by dotted key, of the file and as typed by the user. For `loose` keys, which change how the
    weights are used, the user's value wins. Raises UserError: the user asked for another network than the file's.
    """
    wrong = [key for key in asked if key in found and key not in loose and asked[key] != found[key]]
    if wrong:
        has = ", ".join(f"{key}={format_value(found[key])}" for key in wrong)
        wanted = ", ".join(f"{key}={format_value(asked[key])}" for key in wrong)
        raise UserError(f"{source} has {has}, but {wanted} was asked for; leave that out.")
    settled: dict[str, Any] = copy.deepcopy(dict(config or {}))
    for key, value in found.items():
        section, _, name = key.partition(".")
        settled.setdefault(section, {})[name] = asked.get(key, value)
    return {"recipe": {}, **settled}


def flat(config: Mapping[str, Any], keys: Iterable[str]) -> dict[str, Any]:
    """Return the values of those dotted `keys` that `config` has."""
    found = {}
    for key in keys:
        section, dot, name = key.partition(".")
        if dot and name in config.get(section, {}):
            found[key] = config[section][name]
    return found


def load_all(network: nn.Module, path: Path | str, checkpoint: Mapping[str, Any], prefix: str) -> None:
    """Load the weights of a checkpoint (EMA ones, if trained so) into `network`, built by its configuration.
    Raises UserError: they do not fit, or are missing."""
    left = load_fitting(network, network_state(sound_state(checkpoint.get("state_dict"), path), prefix))
    if left:
        raise UserError(f"{path}: its weights do not fit its configuration ({left[0]:.200}); the file was altered.")


def network_state(state: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """Return the network's weights from the Lightning module's."""
    return {name.removeprefix(prefix): value for name, value in state.items()}


def check_classes(
    path: Path | str, own: Mapping[int, str], wanted: Mapping[int, str], place: str, settings: str
) -> None:
    """Raise UserError unless a checkpoint and a data set have the same classes by number.
    `place`: what a number stands for; `settings`: what must be as in training for the classes to match."""
    if len(wanted) != len(own):
        raise UserError(
            f"{path}: was trained on {len(own)} classes ({_some(own)}), the data set has {len(wanted)} "
            f"({_some(wanted)}). Score it on its own data set, or train on this one: mnv3 train init={path}"
        )
    if wanted != own:
        number = next(number for number in own if wanted.get(number) != own[number])
        raise UserError(
            f"{path}: was trained with class {own[number]!r} {place} {number}, but the data set has "
            f"{wanted.get(number)!r}. Use {settings} that it was trained with."
        )


def _some(classes: Mapping[int, str]) -> str:
    names = list(classes.values())
    return ", ".join(names[:5]) + (", ..." if len(names) > 5 else "")
