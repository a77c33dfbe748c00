"""Checkpoint callback: best.ckpt and last.ckpt."""

import math
import os
import shutil
from pathlib import Path
from typing import Any

import lightning.pytorch as pl
from lightning.pytorch.callbacks import Checkpoint
from lightning.pytorch.plugins.io import TorchCheckpointIO

from mnv3.tools.files.write import atomic_path
from mnv3.tools.training.metrics_csv import epoch_metrics
from mnv3.tools.weights.checkpoint import NEW, read_checkpoint, write_checkpoint

LAST, BEST = "last.ckpt", "best.ckpt"


class WholeFiles(TorchCheckpointIO):
    """Lightning's checkpoint files through `tools.weights.checkpoint`.
    Lightning's own writer uses a temporary file in another folder; on another disk moving it is not a rename."""

    def save_checkpoint(self, checkpoint: dict[str, Any], path: Any, storage_options: Any = None) -> None:
        write_checkpoint(checkpoint, Path(path))

    def load_checkpoint(self, path: Any, map_location: Any = None, weights_only: bool | None = None) -> dict[str, Any]:
        return read_checkpoint(path)


class KeepBestAndLast(Checkpoint):
    """Writes `best.ckpt` and `last.ckpt` after every epoch, validation included.

    Lightning's ModelCheckpoint forgets the best score when a run folder is moved, and a single instance writes `last`
    only when the score improves. A kill between the two files repeats the epoch and writes both again.
    """

    def __init__(self, folder: Path, monitor: str) -> None:
        self.folder = folder
        self.monitor = monitor
        self.best_score: float | None = None
        self.best_epoch: int | None = None

    def setup(self, trainer: pl.Trainer, pl_module: pl.LightningModule, stage: str) -> None:
        """Remove what a kill between writing and renaming left."""
        if trainer.is_global_zero:
            (self.folder / f"{NEW}{LAST}").unlink(missing_ok=True)

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Save; an epoch without validation can only become the last."""
        score = epoch_metrics(trainer).get(self.monitor)
        best = -math.inf if self.best_score is None else self.best_score
        is_best = score is not None and not float(score) <= best  # NaN (nothing to score) counts as best
        if score is not None and is_best:
            self.best_score, self.best_epoch = float(score), trainer.current_epoch
        new = self.folder / f"{NEW}{LAST}"
        trainer.save_checkpoint(new, weights_only=False)
        if trainer.is_global_zero:
            if is_best:
                _copy(new, self.folder / BEST)
            os.replace(new, self.folder / LAST)
        trainer.strategy.barrier()

    def state_dict(self) -> dict[str, Any]:
        """Return the best score and epoch so far."""
        return {"best_score": self.best_score, "best_epoch": self.best_epoch}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self.best_score, self.best_epoch = state_dict["best_score"], state_dict["best_epoch"]


def _copy(source: Path, target: Path) -> None:
    with atomic_path(target) as temporary:
        try:
            os.link(source, temporary)
        except OSError:  # a file system without hard links
            shutil.copyfile(source, temporary)
