"""Going on from a checkpoint that may have been altered: a part of it that does not fit is a mistake of the file."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import lightning.pytorch as pl
from lightning.pytorch.callbacks import Callback

from tools.checkpoint import check_resumable, read_checkpoint, run_config
from tools.errors import UserError


def check_resumed(path: Path, task: str) -> None:
    """Raises UserError: the checkpoint is not one from which a training of `task` goes on."""
    checkpoint = read_checkpoint(path)
    run_config(checkpoint, path, task)
    check_resumable(checkpoint, path)


class Restored(Callback):
    """Whether the state of a checkpoint is in place, and training begins."""

    def __init__(self) -> None:
        self.done = False

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """What Lightning calls behind all of it."""
        self.done = True


@contextmanager
def restoring(path: Path | None, restored: Restored) -> Iterator[None]:
    """While a training goes on from `path`, None for a new one. `restored` is a callback of its trainer.

    Raises:
        UserError: in the place of what Lightning, the network or the optimiser say of a state that is not theirs.
    """
    try:
        yield
    except (UserError, OSError, MemoryError):
        raise
    except Exception as error:
        if path is None or restored.done:
            raise
        raise UserError(
            f"{path}: its state does not fit the network, the optimiser or the trainer of its run; it was altered."
        ) from error
