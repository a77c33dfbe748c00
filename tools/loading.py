"""Weights from files into networks: what a run begins with, and a trained network again."""

import logging
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from tools.checkpoint import load_fitting, read_checkpoint, run_config
from tools.errors import UserError

log = logging.getLogger("mnv3")

MOST_NAMED = 6
"""Tensors that are named one by one."""


def load_first_weights(
    config: Mapping[str, Any],
    load_backbone: Callable[..., Sequence[str]],
    load_init: Callable[[Path], Sequence[str]],
) -> None:
    """Load what the configuration names, backbone.weights or init or neither, and say what was left.

    `load_backbone` takes a file and the keyword `inputs`; both return a line on each tensor that was not loaded.
    """
    backbone, init = config["backbone"], config["init"]
    if weights := backbone["weights"]:
        _tell_left(weights, load_backbone(weights, inputs=backbone["weights_inputs"]))
    if init:
        _tell_left(init, load_init(Path(init)))


def _tell_left(source: str, left: Sequence[str]) -> None:
    if left:
        log.info("Not loaded from %s (random instead, or not needed): %s", source, "; ".join(_shortened(left)))
    else:
        log.info("Loaded all of %s.", source)


def _shortened(left: Sequence[str]) -> Sequence[str]:
    """A few lines as they are; many as each part of the network with its number of tensors."""
    if len(left) <= MOST_NAMED:
        return left
    return [f"{part} ({count})" for part, count in Counter(line.split(".")[0] for line in left).items()]


def load_init(network: nn.Module, path: Path, task: str, prefix: str) -> list[str]:
    """Begin with the weights of `path`, a checkpoint of any classes or a bare state dict of ours; what does not fit
    keeps its random values. Returns a line on each tensor that was not loaded.

    `prefix`: what stands before the names of the network's tensors in a checkpoint.

    Raises:
        UserError: as `tools.checkpoint.read_checkpoint`; another task; or nothing fits at all.
    """
    content = read_checkpoint(path)
    if "hyper_parameters" in content:
        run_config(content, path, task)
    state = network_state(content.get("state_dict", content), prefix)
    left = load_fitting(network, state)
    if not any(name in state and state[name].shape == own.shape for name, own in network.state_dict().items()):
        raise UserError(f"{path}: none of its weights fits this network; those of a backbone go into backbone.weights.")
    return left


def load_all(network: nn.Module, path: Path | str, checkpoint: Mapping[str, Any], prefix: str) -> None:
    """Give `network`, built as the checkpoint's configuration says, its weights (EMA ones, if trained so).

    Raises:
        UserError: they do not fit.
    """
    left = load_fitting(network, network_state(checkpoint["state_dict"], prefix))
    if left:
        raise UserError(f"{path}: its weights do not fit its configuration ({left[0]}); the file was altered.")


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
