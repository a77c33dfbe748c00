"""The Lightning trainer of a run, built from its configuration, for any task."""

import logging
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import lightning.pytorch as pl
import torch
from lightning.fabric.utilities.exceptions import MisconfigurationException
from lightning.pytorch.callbacks import Callback, EarlyStopping, Timer
from torch import Tensor, nn

from mnv3.tools.errors import UserError
from mnv3.tools.machine.allocator import keep_freed_memory
from mnv3.tools.machine.precision import training_precision, uses_gpu
from mnv3.tools.runs.folder import RunFolder, display_path
from mnv3.tools.training.checkpoint_callback import KeepBestAndLast, WholeFiles
from mnv3.tools.training.ema import Ema, SharedBuffers
from mnv3.tools.training.metrics_csv import MetricsCsv
from mnv3.tools.training.optim import Plan
from mnv3.tools.training.progress import EpochProgress
from mnv3.tools.training.signals import KeepHandlers
from mnv3.tools.training.trackers import StepCurves

log = logging.getLogger("mnv3")


class NonFiniteLoss(RuntimeError):
    """The loss became NaN or infinite; the message names the images of that batch."""


def build_trainer(
    config: Mapping[str, Any],
    plan: Plan,
    folder: RunFolder,
    *,
    score: str,
    names: Callable[[Any], Sequence[str]],
    callbacks: Sequence[Callback] = (),
) -> pl.Trainer:
    """Build a trainer that writes `folder`, keeps the checkpoint with the highest `score`, and can resume at any epoch.

    `config` is the whole configuration; its sections `trainer` and `recipe` are used here. `names` returns the names of
    a batch's images. The loaders shard the data over processes themselves. Loggers are set later, once training starts.
    Raises UserError: the requested accelerator or devices are not available.
    """
    wanted, recipe = config["trainer"], config["recipe"]
    if not uses_gpu(wanted["accelerator"]):
        keep_freed_memory()
    devices = 1 if wanted["devices"] == "auto" and not uses_gpu(wanted["accelerator"]) else wanted["devices"]
    own: list[Callback] = [FreshSeeds(config["seed"]), ValidateLast(), StopOnNonFiniteLoss(folder, names)]
    own.append(KeepHandlers())
    if recipe["ema"] is not None:
        own.append(Ema(recipe["ema"]))
    own += [
        SharedBuffers(),
        StepCurves(),
        EpochProgress(score, recipe["batch_size"]),
        *callbacks,
        MetricsCsv(folder.metrics_csv),
    ]
    if recipe["patience"] is not None:
        own.append(Patience(score, recipe["patience"]))
    if wanted["max_time"] is not None:
        own.append(Timer(wanted["max_time"], interval="epoch"))  # stopping mid-epoch would lose the epoch
    try:
        return pl.Trainer(
            accelerator=wanted["accelerator"],
            devices=devices,
            num_nodes=wanted["num_nodes"],
            strategy=wanted["strategy"],
            precision=training_precision(config),
            deterministic=wanted["deterministic"],
            max_epochs=plan.epochs,
            check_val_every_n_epoch=plan.val_every,
            gradient_clip_val=recipe["clip"],
            logger=False,
            callbacks=[*own, KeepBestAndLast(folder.checkpoints, score)],
            plugins=[WholeFiles()],
            num_sanity_val_steps=0,
            log_every_n_steps=1_000_000,  # values are logged once per epoch
            use_distributed_sampler=False,
            enable_progress_bar=False,
            enable_model_summary=False,
            default_root_dir=folder.path,
        )
    except MisconfigurationException as error:
        asked = f"trainer.accelerator={wanted['accelerator']} trainer.devices={wanted['devices']}"
        raise UserError(f"{asked}: {' '.join(str(error).split())}") from error


class FreshSeeds(Callback):
    """Seed every epoch from (seed, epoch, rank), so that a resumed run draws what an uninterrupted one would.
    Before the first batch, not at the epoch's start: loaders draw a number as they start, earlier in a resumed run."""

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def on_train_batch_start(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, batch: Any, batch_idx: int
    ) -> None:
        if batch_idx == 0:
            torch.manual_seed(self.seed + 1_000_003 * trainer.current_epoch + 7_919 * trainer.global_rank)


class Patience(EarlyStopping):
    """Stops after `patience` validations without a better `score`."""

    def __init__(self, score: str, patience: int) -> None:
        super().__init__(score, patience=patience, mode="max", check_finite=False, check_on_train_epoch_end=False)

    def on_train_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Log that training ended early."""
        if self.stopped_epoch and trainer.is_global_zero:
            name = self.monitor.split("/")[-1]
            log.info(
                "No better %s in %d validations (recipe.patience): stopped after epoch %d of %d.",
                *(name, self.patience, self.stopped_epoch + 1, trainer.max_epochs),
            )


class ValidateLast(Callback):
    """Validate after the last epoch, whatever recipe.val_every is."""

    def on_train_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Set the new value, which then applies to the last epoch only."""
        if trainer.current_epoch + 1 == trainer.max_epochs:
            trainer.check_val_every_n_epoch = 1


class StopOnNonFiniteLoss(Callback):
    """Raise `NonFiniteLoss` before a broken epoch can be saved; `names` as in `build_trainer`.

    On a GPU a step's flag is copied to the CPU asynchronously and checked one step later: that waits for the previous
    step, never for the one just queued.
    """

    def __init__(self, folder: RunFolder, names: Callable[[Any], Sequence[str]]) -> None:
        self.folder = folder
        self.names = names
        self.pending: tuple[Tensor, Any, Tensor, Any] | None = None

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Check the previous step, or this one on the CPU."""
        loss = outputs["loss"].detach()
        bad = (~torch.isfinite(loss)).to(torch.int32)
        if trainer.world_size > 1:
            torch.distributed.all_reduce(bad)
        self.look(trainer)
        self.pending = (loss, batch, *_on_the_way(bad))
        if loss.device.type == "cpu":
            self.look(trainer)

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Check the last step of the epoch."""
        self.look(trainer)

    def look(self, trainer: pl.Trainer) -> None:
        """Raise in every process if the loss of any is not finite."""
        if self.pending is None:
            return
        loss, batch, flag, arrival = self.pending
        self.pending = None
        if arrival is not None:
            arrival.synchronize()
        if not flag.item():
            return
        value, names = float(loss), list(self.names(batch))
        if trainer.world_size > 1:
            found: list[Any] = [None] * trainer.world_size
            torch.distributed.all_gather_object(found, (value, names))
            value, names = next((value, names) for value, names in found if not math.isfinite(value))
        last = self.folder.last
        saved = f"The last good checkpoint is {display_path(last)}" if last.exists() else "No checkpoint was saved"
        raise NonFiniteLoss(
            f"The loss became {value} in epoch {trainer.current_epoch + 1}, step {trainer.global_step}, in the "
            f"batch with the images {', '.join(names)}. {saved}. Look at these images and their "
            "labels, or lower recipe.lr, set recipe.clip, or use trainer.precision=32-true."
        )


def _on_the_way(value: Tensor) -> tuple[Tensor, Any]:
    """Return `value` on the CPU and the event after which it is valid; None if it already is."""
    if value.device.type != "cuda":
        return value.cpu(), None
    here = torch.empty(value.shape, dtype=value.dtype, pin_memory=True).copy_(value, non_blocking=True)
    arrival = torch.cuda.Event()
    arrival.record()
    return here, arrival


FEW_IMAGES = 16
"""Images per process: batch norm over fewer is noisy (Wu and He, 2018, figure 1)."""


def share_batch_norm(network: nn.Module, config: Mapping[str, Any], trainer: pl.Trainer) -> str | None:
    """Let batch norm of `network` see the images of all GPUs if trainer.sync_batchnorm says so; return a line on it.
    Only on CUDA. The names in the state dict stay."""
    world, wanted = trainer.world_size, config["trainer"]["sync_batchnorm"]
    if world == 1 or trainer.strategy.root_device.type != "cuda":
        return "trainer.sync_batchnorm has no effect: there are not several GPUs." if wanted else None
    each = config["recipe"]["batch_size"] // world
    if wanted is False or (wanted is None and each >= FEW_IMAGES):
        return None
    nn.SyncBatchNorm.convert_sync_batchnorm(network)
    return f"Batch norm over the {each * world} images of all GPUs (trainer.sync_batchnorm=false: over {each} each)."


def share_of_batch(batch_size: int, world_size: int) -> int:
    """Return the images per step of one process.
    Raises UserError: the batch does not split evenly, which would weight images differently."""
    if batch_size % world_size:
        raise UserError(f"recipe.batch_size={batch_size} does not split evenly over {world_size} processes.")
    return batch_size // world_size
