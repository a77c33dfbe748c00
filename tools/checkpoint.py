"""Checkpoints: written whole or not at all, read without running any code that is in them."""

import errno
import io
import math
import os
import pickle
import shutil
from pathlib import Path
from typing import Any

import lightning.pytorch as pl
import torch
from lightning.pytorch.callbacks import Checkpoint
from lightning.pytorch.plugins.io import TorchCheckpointIO
from torch import Tensor, nn

from tools.errors import UserError
from tools.files import atomic_path
from tools.run_folder import epoch_metrics, shown

LAST, BEST = "last.ckpt", "best.ckpt"


def write_checkpoint(checkpoint: dict[str, Any], path: Path) -> None:
    """Write `checkpoint` to `path`; whatever goes wrong, a former file at `path` stays as it was.

    Raises:
        UserError: the disk is full.
    """
    buffer = io.BytesIO()  # torch's own writer hides the system's error behind one of its own
    torch.save(checkpoint, buffer)
    try:
        with atomic_path(path) as temporary, temporary.open("wb") as file:
            file.write(buffer.getbuffer())
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise UserError(
            f"{path}: no space left on the disk, so this checkpoint was not saved "
            f"({'the former one is whole' if path.exists() else 'there was none before'}). "
            f"Free {buffer.tell() / 1e6:.0f} MB or more and go on with: mnv3 train resume={shown(path.parent.parent)}"
        ) from error


def read_checkpoint(path: Path | str) -> dict[str, Any]:
    """Read a dictionary of tensors and plain values to the CPU, refusing anything that would run code.

    Raises:
        UserError: no file, a truncated or foreign file, or one that holds pickled objects.
    """
    path = Path(path)
    if not path.is_file():
        raise UserError(f"{path}: no such checkpoint file.")
    try:
        checkpoint = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # on foreign bytes the unpickler fails in any way there is
        if isinstance(error, pickle.UnpicklingError) and "global" in str(error).lower():
            raise UserError(
                f"{path}: refused, because it holds pickled Python objects, which could run any code when loaded. "
                "Save the state_dict (tensors, numbers, strings, lists, dictionaries) alone."
            ) from error
        raise UserError(f"{path}: cannot be read; it is truncated or damaged, or not a PyTorch checkpoint.") from error
    if not isinstance(checkpoint, dict):
        raise UserError(f"{path}: holds a {type(checkpoint).__name__}, where a dictionary of weights is expected.")
    return checkpoint


def run_config(checkpoint: dict[str, Any], path: Path | str, task: str) -> dict[str, Any]:
    """The configuration that a checkpoint of ours was trained with.

    Raises:
        UserError: it is not one of ours, or of another task than `task`.
    """
    config = checkpoint.get("hyper_parameters", {}).get("config")
    if config is None:
        raise UserError(
            f"{path}: holds no configuration, so it was not written by mnv3 train. "
            "Weights from elsewhere go into a new run: mnv3 train init=FILE or backbone.weights=FILE."
        )
    if config["task"]["name"] != task:
        raise UserError(f"{path}: is of task={config['task']['name']}, not of task={task}.")
    return config


def load_fitting(module: nn.Module, state: dict[str, Tensor]) -> list[str]:
    """Load what fits by name and shape; return one line on each tensor of `module` that keeps its start values, and
    on each of `state` that has no place."""
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


class WholeFiles(TorchCheckpointIO):
    """Lightning's checkpoint files through the functions above.

    Its own writer goes through a temporary file in another folder, which on another disk is not a rename.
    """

    def save_checkpoint(self, checkpoint: dict[str, Any], path: Any, storage_options: Any = None) -> None:
        """Write atomically."""
        write_checkpoint(checkpoint, Path(path))

    def load_checkpoint(self, path: Any, map_location: Any = None, weights_only: bool | None = None) -> dict[str, Any]:
        """Read safely."""
        return read_checkpoint(path)


class KeepBestAndLast(Checkpoint):
    """`best.ckpt` and `last.ckpt` after every epoch, validation included.

    Lightning's ModelCheckpoint forgets the best score when a run folder is moved, and with one instance writes
    `last` only when the score improved. A kill between the two files repeats the epoch and writes both again.
    """

    def __init__(self, folder: Path, monitor: str) -> None:
        self.folder = folder
        self.monitor = monitor
        self.best_score: float | None = None
        self.best_epoch: int | None = None

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Save; an epoch without validation can only be the last."""
        score = epoch_metrics(trainer).get(self.monitor)
        best = -math.inf if self.best_score is None else self.best_score
        is_best = score is not None and not float(score) <= best  # NaN, nothing to score, is never worse
        if score is not None and is_best:
            self.best_score, self.best_epoch = float(score), trainer.current_epoch
        new = self.folder / f".new-{LAST}"
        trainer.save_checkpoint(new, weights_only=False)
        if trainer.is_global_zero:
            if is_best:
                _copy(new, self.folder / BEST)
            os.replace(new, self.folder / LAST)
        trainer.strategy.barrier()

    def state_dict(self) -> dict[str, Any]:
        """The best so far."""
        return {"best_score": self.best_score, "best_epoch": self.best_epoch}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """The counterpart of `state_dict`."""
        self.best_score, self.best_epoch = state_dict["best_score"], state_dict["best_epoch"]


def _copy(source: Path, target: Path) -> None:
    with atomic_path(target) as temporary:
        try:
            os.link(source, temporary)
        except OSError:  # a file system without hard links
            shutil.copyfile(source, temporary)
