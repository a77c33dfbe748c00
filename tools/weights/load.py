"""Weights from files into networks: what a run begins with, and a trained network again."""

import copy
import logging
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from mnv3.tools.errors import UserError
from mnv3.tools.weights.checkpoint import load_fitting
from mnv3.tools.weights.file import open_weights
from mnv3.tools.weights.tensors import sound_state

log = logging.getLogger("mnv3")

MOST_NAMED = 6
"""Tensors that are named one by one."""


def load_first_weights(
    config: Mapping[str, Any],
    load_backbone: Callable[..., Sequence[str]],
    load_init: Callable[[str], Sequence[str]],
) -> None:
    """Load what the configuration names, backbone.weights or init or neither, and say what was left.

    `load_backbone` takes a file or "imagenet", and the keywords `entries`, what is in the file, and `inputs`; both
    return a line on each tensor that was not loaded.
    """
    backbone, init = config["backbone"], config["init"]
    if weights := backbone["weights"]:
        entries = None if weights == "imagenet" else open_weights(weights).tensors
        tell_left(weights, load_backbone(weights, entries=entries, inputs=backbone["weights_inputs"]))
    if init:
        tell_left(init, load_init(init))


def tell_left(source: str, left: Sequence[str]) -> None:
    """One line on what of `source` was not loaded."""
    if left:
        log.info("Not loaded from %s (random instead, or not needed): %s", source, "; ".join(_shortened(left)))
    else:
        log.info("Loaded all of %s.", source)


def _shortened(left: Sequence[str]) -> Sequence[str]:
    """A few lines as they are; many as each part of the network with its number of tensors."""
    if len(left) <= MOST_NAMED:
        return left
    return [f"{part} ({count})" for part, count in Counter(line.split(".")[0] for line in left).items()]


def load_init(network: nn.Module, source: Path | str, state: Mapping[str, Tensor]) -> list[str]:
    """Begin with the weights of `source`, whose `state` has the network's own names; what does not fit keeps its random
    values. Returns a line on each tensor that was not loaded.

    Raises:
        UserError: nothing fits at all.
    """
    left = load_fitting(network, dict(state))
    if not any(name in state and state[name].shape == own.shape for name, own in network.state_dict().items()):
        raise UserError(
            f"{source}: none of its weights fits this network; those of a backbone go into backbone.weights."
        )
    return left


def load_found(network: nn.Module, source: Path | str, state: Mapping[str, Tensor], left: Sequence[str]) -> None:
    """Fill a `network` that was built for a file from elsewhere, and say what of the file was `left`.

    Raises:
        UserError: the file does not hold all of it.
    """
    problems = load_fitting(network, dict(state))
    if missing := [line for line in problems if not line.endswith(": only in the file")]:
        raise UserError(
            f"{source} does not hold all weights of the network that it looks like ({missing[0]}, {len(missing)} in "
            "all); for a part of a network: mnv3 train init=FILE or backbone.weights=FILE."
        )
    tell_left(str(source), [*left, *problems])


def settle(
    config: Mapping[str, Any] | None,
    found: Mapping[str, Any],
    asked: Mapping[str, Any],
    loose: Sequence[str],
    source: str,
) -> dict[str, Any]:
    """`config` with the options that a file of weights decides in the place of its own.

    `found`, `asked`: values by dotted key, of the file and as the user typed them. Of the `loose` keys the user's word
    counts: they change what is done with the weights, not which there are.

    Raises:
        UserError: another network was asked for than the file holds.
    """
    wrong = [key for key in asked if key in found and key not in loose and asked[key] != found[key]]
    if wrong:
        has = ", ".join(f"{key}={shown(found[key])}" for key in wrong)
        wanted = ", ".join(f"{key}={shown(asked[key])}" for key in wrong)
        raise UserError(f"{source} has {has}, where {wanted} was asked for; leave that out.")
    settled: dict[str, Any] = copy.deepcopy(dict(config or {}))
    for key, value in found.items():
        section, _, name = key.partition(".")
        settled.setdefault(section, {})[name] = asked.get(key, value)
    return {"recipe": {}, **settled}


def flat(config: Mapping[str, Any], keys: Iterable[str]) -> dict[str, Any]:
    """Those of the dotted `keys` that `config` has, with its values."""
    found = {}
    for key in keys:
        section, dot, name = key.partition(".")
        if dot and name in config.get(section, {}):
            found[key] = config[section][name]
    return found


def shown(value: Any) -> str:
    """A value as it is typed."""
    return "null" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def load_all(network: nn.Module, path: Path | str, checkpoint: Mapping[str, Any], prefix: str) -> None:
    """Give `network`, built as the checkpoint's configuration says, its weights (EMA ones, if trained so).

    Raises:
        UserError: they do not fit, or are none.
    """
    left = load_fitting(network, network_state(sound_state(checkpoint.get("state_dict"), path), prefix))
    if left:
        raise UserError(f"{path}: its weights do not fit its configuration ({left[0]:.200}); the file was altered.")


def network_state(state: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """Weights of the network inside the Lightning module's."""
    return {name.removeprefix(prefix): value for name, value in state.items()}


def check_classes(
    path: Path | str, own: Mapping[int, str], wanted: Mapping[int, str], place: str, settings: str
) -> None:
    """Raises UserError unless the classes by number, of a checkpoint and of a data set, are the same.

    `place`: what a number stands for; `settings`: what has to be as in training for them to be.
    """
    if len(wanted) != len(own):
        raise UserError(
            f"{path}: was trained on {len(own)} classes ({_some(own)}), the data set has {len(wanted)} "
            f"({_some(wanted)}). Score it on its own data set, or train on this one: mnv3 train init={path}"
        )
    if wanted != own:
        number = next(number for number in own if wanted.get(number) != own[number])
        raise UserError(
            f"{path}: was trained with class {own[number]!r} {place} {number}, where the data set has "
            f"{wanted.get(number)!r}. Use {settings} that it was trained with."
        )


def _some(classes: Mapping[int, str]) -> str:
    names = list(classes.values())
    return ", ".join(names[:5]) + (", ..." if len(names) > 5 else "")
