"""Progress of a training: one line per epoch, and within it a bar on a terminal, otherwise a line now and then."""

import logging
import sys
import time
import warnings
from collections.abc import Sequence
from typing import Any

import lightning.pytorch as pl
from lightning.pytorch.callbacks import Callback
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from mnv3.tools.text.progress import Pace, roughly
from mnv3.tools.training.metrics_csv import epoch_metrics

log = logging.getLogger("mnv3")

# Lightning's warnings about deliberate choices.
_KNOWN_WARNINGS = (
    ".*does not have many workers.*",  # data.workers=auto counted the cores
    ".*Checkpoint directory .* exists.*",
    ".*number of training batches .* smaller than the logging interval.*",
    ".*recommended to use `self.log\\(.*sync_dist=True.*",  # every process logs the same value
    ".*isinstance\\(treespec, LeafSpec\\).*",
    ".*lr_scheduler.step\\(\\).* before .*optimizer.step\\(\\).*",
)


def quiet_lightning() -> None:
    """Keep Lightning's tips, device lists and duplicate lines off the console; other warnings remain."""
    for name in ("lightning.pytorch", "lightning.fabric", "lightning"):
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.setLevel(logging.WARNING)
    for message in _KNOWN_WARNINGS:
        warnings.filterwarnings("ignore", message=message, module="(lightning|torch)")


class EpochProgress(Callback):
    """Console output of the training loop; also logs `images_per_s`, `lr` and `seconds` (of this process, so far).
    `score` is the name of the logged validation score to display."""

    def __init__(self, score: str, images_per_step: int, names: Sequence[str] = ("train/loss",)) -> None:
        self.score = score
        self.images_per_step = images_per_step
        self.names = names
        self.bar: Progress | None = None
        self.task = TaskID(0)
        self.start = self.epoch_start = self.train_seconds = 0.0
        self.first_epoch = 0
        self.pace = Pace()

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self.start, self.first_epoch, self.pace = time.monotonic(), trainer.current_epoch, Pace()

    def on_train_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Start the clock and the bar of the epoch."""
        self.epoch_start = time.monotonic()
        if trainer.is_global_zero and sys.stdout.isatty():
            self.bar = Progress(
                TextColumn("epoch {task.fields[epoch]}"),
                BarColumn(),
                TextColumn("{task.completed}/{task.total}"),
                TextColumn("{task.fields[state]}"),
                TimeRemainingColumn(),
                transient=True,
            )
            self.task = self.bar.add_task("", total=int(trainer.num_training_batches), epoch=_epoch(trainer), state="")
            self.bar.start()

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Advance the bar or print a line. The loss is read only then, on a terminal only ten times an epoch, because
        reading it waits for the device."""
        steps = batch_idx + 1
        self.train_seconds = time.monotonic() - self.epoch_start
        if self.bar is None:
            if trainer.is_global_zero and self.pace.due():
                log.info("%s", self._line(trainer, steps, float(outputs["loss"])))
            return
        if batch_idx % max(int(trainer.num_training_batches) // 10, 1) == 0:
            rate = steps * self.images_per_step / self.train_seconds
            best = trainer.callback_metrics.get(self.score)
            score = "" if best is None else f"  {self.score} {float(best):.3f}"
            state = f"loss {float(outputs['loss']):.3f}  lr {_lr(trainer):.2g}  {rate:.0f} images/s{score}"
            self.bar.update(self.task, state=state)
        self.bar.update(self.task, completed=steps)

    def _line(self, trainer: pl.Trainer, steps: int, loss: float) -> str:
        """Describe the epoch after so many steps of it."""
        of, epochs = int(trainer.num_training_batches), trainer.max_epochs or trainer.current_epoch + 1
        rate = steps * self.images_per_step / self.train_seconds
        done = trainer.current_epoch - self.first_epoch + steps / of  # epochs, of this process
        left = (time.monotonic() - self.start) / done * (epochs - self.first_epoch - done)
        where = f"epoch {_epoch(trainer)}: step {steps} of {of}"
        return f"{where}, loss {loss:.3f}, {_rate(rate)} images/s, about {roughly(left)} left"

    def on_validation_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Begin to count the images of the validation."""
        if self.bar is not None:
            self.bar.reset(self.task, total=_val_images(trainer), state="images validated")

    def on_validation_batch_end(
        self,
        trainer: pl.Trainer,
        pl_module: pl.LightningModule,
        outputs: Any,
        batch: Any,
        batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:
        """Advance the bar or print a line."""
        images = _val_images(trainer)
        done = images * (batch_idx + 1) // int(trainer.num_val_batches[0])  # over all processes
        if self.bar is not None:
            self.bar.update(self.task, completed=done)
        elif trainer.is_global_zero and self.pace.due():
            log.info("epoch %s: %d of %d images validated", _epoch(trainer), done, images)

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Log one line, and those of its values that nothing else logs."""
        self.close()
        now = time.monotonic()
        rate = int(trainer.num_training_batches) * self.images_per_step / max(self.train_seconds, 1e-9)
        pl_module.log_dict({"lr": _lr(trainer), "images_per_s": rate, "seconds": now - self.start}, rank_zero_only=True)
        done = trainer.current_epoch + 1
        left = (now - self.start) / (done - self.first_epoch) * ((trainer.max_epochs or done) - done)
        metrics = epoch_metrics(trainer)
        names = [name for name in (*self.names, self.score) if name in metrics]
        values = "  ".join(f"{name.split('/')[-1]} {float(metrics[name]):.4f}" for name in names)
        if trainer.is_global_zero:
            times = f"{clock(now - self.epoch_start)}  {clock(left)} left"
            log.info("epoch %s  %s  lr %.2g  %.0f images/s  %s", _epoch(trainer), values, _lr(trainer), rate, times)
            self.pace.restart()

    def on_exception(self, trainer: pl.Trainer, pl_module: pl.LightningModule, exception: BaseException) -> None:
        """Restore the terminal."""
        self.close()

    def close(self) -> None:
        if self.bar is not None:
            self.bar.stop()
            self.bar = None


def _epoch(trainer: pl.Trainer) -> str:
    return f"{trainer.current_epoch + 1}/{trainer.max_epochs}"


def _rate(value: float) -> str:
    return f"{value:.0f}" if value >= 10 else f"{value:.1f}"


def _val_images(trainer: pl.Trainer) -> int:
    """Return the images that all processes validate."""
    loader: Any = trainer.val_dataloaders
    return len(loader.dataset)


def _lr(trainer: pl.Trainer) -> float:
    return trainer.optimizers[0].param_groups[0]["lr"]


def clock(seconds: float) -> str:
    """Format a duration: 5 s, 3:05 or 2:03:05."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, seconds = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
