"""Signals during a training."""

import signal
from typing import Any

import lightning.pytorch as pl
from lightning.pytorch.callbacks import Callback


class KeepTermHandler(Callback):
    """Whoever handled SIGTERM before the training, as the launcher of a cluster's jobs, goes on doing so alone.

    Lightning would end the training after the batch, and the job with it, before the launcher hears that it is to be
    queued again. A process that nobody has prepared for SIGTERM is left to Lightning.
    """

    before: Any = signal.SIG_DFL

    def setup(self, trainer: pl.Trainer, pl_module: pl.LightningModule, stage: str) -> None:
        """Before Lightning's own handlers."""
        self.before = signal.getsignal(signal.SIGTERM)

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """After them."""
        if self.before not in (signal.SIG_DFL, None):
            signal.signal(signal.SIGTERM, self.before)
