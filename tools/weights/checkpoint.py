"""Checkpoints: written whole or not at all, read without executing code from them."""

import errno
import io
import os
import pickle
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from mnv3.tools.errors import UserError
from mnv3.tools.files.write import atomic_path
from mnv3.tools.runs.folder import display_path
from mnv3.tools.runs.saved_config import checked
from mnv3.tools.weights.seal import DamagedError, check_archive, seal_zip
from mnv3.tools.weights.tensors import sound_state

OLD_FORMAT = b"\x80"  # a pickle: start of PyTorch files before version 1.6, which have no checksums
PARTS = {
    "epoch": int,
    "global_step": int,
    "state_dict": dict,
    "loops": dict,
    "callbacks": dict,
    "optimizer_states": list,
    "lr_schedulers": list,
    "pytorch-lightning_version": str,
}
"""What a training needs to resume."""

NEW = ".new-"
"""Prefix of a checkpoint's name until all of it is written and it replaces the previous one."""


def write_checkpoint(checkpoint: dict[str, Any], path: Path) -> None:
    """Write `checkpoint` to `path`; on any failure, an existing file at `path` stays unchanged.
    Raises UserError: the disk is full, or cannot be written for another reason."""
    buffer = io.BytesIO()  # torch's own writer replaces the system's error by its own
    torch.save(checkpoint, buffer)
    seal_zip(buffer)
    try:
        with atomic_path(path) as temporary, temporary.open("wb") as file:
            file.write(buffer.getbuffer())
            file.flush()
            os.fsync(file.fileno())
    except UserError as error:
        reason = error.__cause__
        if not isinstance(reason, OSError) or reason.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise UserError(*(problem.replace(NEW, "") for problem in error.problems)) from reason
        place = path.with_name(path.name.removeprefix(NEW))
        raise UserError(
            f"{place}: no space left on the disk, so this checkpoint was not saved "
            f"({'the previous one is intact' if place.exists() else 'there was none before'}). "
            f"Free {buffer.tell() / 1e6:.0f} MB or more and resume with: "
            f"mnv3 train resume={display_path(path.parent.parent)}"
        ) from error


def read_checkpoint(path: Path | str) -> dict[str, Any]:
    """Read a dictionary of tensors and plain values to the CPU; refuse files that would execute code or fail their
    checksums.

    Raises:
        UserError: no such file; truncated, damaged or foreign; or with pickled objects.
    """
    path = Path(path)
    if not path.is_file():
        raise UserError(f"{path}: no such checkpoint file.")
    try:
        content = path.read_bytes()
        if not content.startswith(OLD_FORMAT):
            check_archive(content)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about pickles that are not PyTorch's
            checkpoint = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
    except DamagedError as error:
        raise UserError(
            f"{path}: is damaged: {error}. The file is not used; copy it again from its source, or take another."
        ) from error
    except Exception as error:  # the unpickler fails in arbitrary ways on foreign bytes
        if isinstance(error, pickle.UnpicklingError) and "global" in str(error).lower():
            raise UserError(
                f"{path}: refused, because it holds pickled Python objects, which could run any code when loaded. "
                "Save the state_dict (tensors, numbers, strings, lists, dictionaries) alone."
            ) from error
        raise UserError(f"{path}: cannot be read; it is truncated or damaged, or not a PyTorch checkpoint.") from error
    if not isinstance(checkpoint, dict):
        raise UserError(f"{path}: holds a {type(checkpoint).__name__}, where a dictionary of weights is expected.")
    return checkpoint


def hyper_parameters(checkpoint: Mapping[str, Any]) -> dict[str, Any]:
    """Return the metadata of an mnv3 checkpoint; empty for others."""
    found = checkpoint.get("hyper_parameters")
    return found if isinstance(found, dict) else {}


def run_config(
    checkpoint: Mapping[str, Any], path: Path | str, task: str, sections: tuple[str, ...] = ()
) -> dict[str, Any]:
    """Return the configuration that an mnv3 checkpoint was trained with, with at least these `sections`.
    Raises UserError: not from mnv3, or of another task; or see `tools.runs.saved_config.checked`."""
    config = hyper_parameters(checkpoint).get("config")
    if config is None:
        raise UserError(
            f"{path}: holds no configuration, so it was not written by mnv3 train. "
            "Weights from elsewhere go into a new run: mnv3 train init=FILE or backbone.weights=FILE."
        )
    config = checked(config, path, ("task", *sections))
    if config["task"].get("name") != task:
        raise UserError(f"{path}: is of task={config['task'].get('name')}, not of task={task}.")
    return config


def check_resumable(checkpoint: Mapping[str, Any], path: Path | str) -> None:
    """Raise UserError if a training cannot resume from it, because a part is missing or of another type."""
    for part, kind in PARTS.items():
        if not isinstance(checkpoint.get(part), kind):
            raise UserError(f"{path}: its part {part} is missing or damaged, so training cannot resume from it.")
    sound_state(checkpoint["state_dict"], path)


def load_fitting(module: nn.Module, state: dict[str, Tensor]) -> list[str]:
    """Load what fits by name and shape; return a line on each tensor of `module` that keeps its initial values, and on
    each unused one of `state`."""
    own = module.state_dict()
    fitting = {name: value for name, value in state.items() if name in own and own[name].shape == value.shape}
    module.load_state_dict(fitting, strict=False)
    left = []
    for name in own.keys() - fitting.keys():
        if name in state:
            left.append(f"{name}: shape {tuple(state[name].shape)}, here {tuple(own[name].shape)}")
        else:
            left.append(f"{name}: not in the file")
    left += [f"{name}: only in the file" for name in state.keys() - own.keys()]
    return sorted(left)
