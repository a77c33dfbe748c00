"""Signals during a training."""

import signal
from typing import Any

import lightning.pytorch as pl
from lightning.pytorch.callbacks import Callback

from mnv3.tools.machine import stops


class KeepHandlers(Callback):
    """Whoever handled SIGTERM before the training, as `tools.machine.stops` or the launcher of a cluster's jobs, goes
    on doing so alone.

    Lightning would end the training after the batch, and the job with it, before the launcher hears that it is to be
    queued again. A process that nobody has prepared for SIGTERM is left to Lightning. And a second Ctrl-C, which
    Lightning ignores while it puts things away, is heard.
    """

    def __init__(self) -> None:
        self.before: Any = signal.SIG_DFL
        self.interrupt: Any = signal.default_int_handler

    def setup(self, trainer: pl.Trainer, pl_module: pl.LightningModule, stage: str) -> None:
        """Before Lightning's own handlers."""
        self.before, self.interrupt = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """After them."""
        if self.before not in (signal.SIG_DFL, None):
            signal.signal(signal.SIGTERM, self.before)

    def on_train_batch_start(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, batch: Any, batch_idx: int
    ) -> None:
        """Python swallows what a handler raises inside of a destructor: here the stop is still known."""
        stops.check()

    def on_exception(self, trainer: pl.Trainer, pl_module: pl.LightningModule, exception: BaseException) -> None:
        """Lightning has just begun to ignore Ctrl-C."""
        signal.signal(signal.SIGINT, self.interrupt)
