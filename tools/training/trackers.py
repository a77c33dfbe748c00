"""What a training logs to trackers besides its run folder: W&B, TensorBoard, or both."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import lightning.pytorch as pl
from lightning.pytorch.callbacks import Callback
from lightning.pytorch.loggers import TensorBoardLogger, WandbLogger

from mnv3.tools.images.read import read_image
from mnv3.tools.machine.environment import commit
from mnv3.tools.machine.extras import require
from mnv3.tools.paper.tables import row
from mnv3.tools.runs.folder import TENSORBOARD, RunFolder
from mnv3.tools.runs.wandb_run import start_run, upload_checkpoint
from mnv3.tools.runs.wandb_summary import cost_figures, score_figures

if TYPE_CHECKING:
    from mnv3.tools.paper.cost import RowCost

A_FEW = 10
"""Values of loss and learning rate per epoch: reading a loss waits for the device."""


def check_trackers(logger: str) -> None:
    """Raise UserError if the library of a tracker is missing."""
    if logger != "wandb":
        require("tensorboard", "tensorboard")


class Trackers(NamedTuple):
    """The trackers of a run: its W&B run and its TensorBoard logger, None where there is none."""

    run: Any = None
    board: TensorBoardLogger | None = None

    @property
    def loggers(self) -> list[Any]:
        """Lightning's loggers, which get the values of each epoch."""
        return [*([WandbLogger(experiment=self.run)] if self.run else []), *([self.board] if self.board else [])]

    def report(
        self,
        folder: RunFolder,
        config: Mapping[str, Any],
        stats: Mapping[str, float],
        epoch: int,
        panels: Callable[[], Mapping[str, Any]],
    ) -> None:
        """Log the scores of the scored checkpoint as best/..., its pictures, and in W&B, online, the checkpoint."""
        best = {f"best/{name}": value for name, value in stats.items()}
        if self.run is not None:
            self.run.log(dict(panels()))
            self.run.summary.update({**best, "best/epoch": epoch})
            if config.get("row"):
                self.run.summary.update(score_figures(config["row"], config["dataset"]["name"], "val", stats))
            upload_checkpoint(self.run, folder.best, stats)
        if self.board is not None:
            self.board.log_hyperparams(dict(config), best)
            if (picture := folder.samples / "val.jpg").is_file():
                self.board.experiment.add_image("best/samples", read_image(picture), epoch)
            self.board.experiment.flush()


def start_trackers(
    config: Mapping[str, Any],
    folder: RunFolder,
    *,
    tags: list[str],
    facts: Mapping[str, Any],
    row_cost: "Callable[[int], RowCost]",
) -> Trackers:
    """Start what config["logger"] asks for, or resume it. `facts` join the configuration there."""
    run = None
    if config["logger"] != "tensorboard":
        extra = {"commit": commit(), "folder": str(folder.path), **facts}
        run = start_run(config["wandb"], folder.path, job_type="train", config={**config, **extra}, tags=tags)
        if run is not None and config.get("row"):
            run.summary.update(cost_figures(config["row"], row_cost(row(config["row"]).slots)))
    board = None
    if config["logger"] != "wandb":
        board = TensorBoardLogger(folder.path, name="", version=TENSORBOARD, default_hp_metric=False)
    return Trackers(run, board)


class StepCurves(Callback):
    """Logs loss and learning rate a few times per epoch, over optimiser steps, as step/loss and step/lr."""

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        if not trainer.is_global_zero or not trainer.loggers:
            return
        if (batch_idx + 1) % max(int(trainer.num_training_batches) // A_FEW, 1) == 0:
            lr = trainer.optimizers[0].param_groups[0]["lr"]
            values = {"step/loss": float(outputs["loss"]), "step/lr": lr}
            for logger in trainer.loggers:
                logger.log_metrics(values, step=trainer.global_step)
