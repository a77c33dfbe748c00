"""Signals during a training."""

import signal
from typing import Any

import lightning.pytorch as pl
from lightning.pytorch.callbacks import Callback

from mnv3.tools.machine import stops


class KeepHandlers(Callback):
    """Restore the SIGTERM handler that was installed before training (`tools.machine.stops`, or submitit's).

    Lightning would end the training after the batch, and the job with it, before the launcher can requeue it. Without
    an earlier handler, SIGTERM is left to Lightning. A second Ctrl-C, which Lightning ignores during cleanup, works.
    """

    def __init__(self) -> None:
        self.before: Any = signal.SIG_DFL
        self.interrupt: Any = signal.default_int_handler

    def setup(self, trainer: pl.Trainer, pl_module: pl.LightningModule, stage: str) -> None:
        """Called before Lightning installs its handlers."""
        self.before, self.interrupt = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Called after Lightning has installed its handlers."""
        if self.before not in (signal.SIG_DFL, None):
            signal.signal(signal.SIGTERM, self.before)

    def on_train_batch_start(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, batch: Any, batch_idx: int
    ) -> None:
        """Check for a stop that Python lost because the handler raised inside a destructor."""
        stops.check()

    def on_exception(self, trainer: pl.Trainer, pl_module: pl.LightningModule, exception: BaseException) -> None:
        """Undo Lightning's ignoring of Ctrl-C, which has just begun."""
        signal.signal(signal.SIGINT, self.interrupt)
