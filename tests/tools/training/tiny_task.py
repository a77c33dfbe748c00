"""A task that trains in milliseconds, with all that matters to the training machinery: batch norm, shuffling, noise."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import lightning.pytorch as pl
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset, DistributedSampler

from mnv3.tools.runs.folder import RunFolder
from mnv3.tools.training.optim import build_optimizer, build_scheduler, make_plan
from mnv3.tools.training.trainer import build_trainer

RECIPE: dict[str, Any] = {
    "epochs": 3,
    "steps": None,
    "min_steps": None,
    "patience": None,
    "val_every": 1,
    "batch_size": 4,
    "base_batch": 4,
    "lr": 0.1,
    "warmup_steps": 2,
    "warmup_start": 0.1,
    "schedule": "cosine",
    "optimizer": "sgd",
    "momentum": 0.9,
    "weight_decay": 1e-4,
    "ema": 0.9,
    "clip": 1.0,
    "precision": "auto",
}
TRAINER: dict[str, Any] = {
    "accelerator": "cpu",
    "devices": 1,
    "num_nodes": 1,
    "strategy": "auto",
    "precision": None,
    "deterministic": False,
    "max_time": None,
}


class Batch(NamedTuple):
    """What the machinery asks of a batch: images by id."""

    images: Tensor
    targets: Tensor
    image_ids: Tensor


class Numbers(Dataset):
    """20 vectors; `bad` is the index of one that holds a NaN."""

    def __init__(self, bad: int | None = None) -> None:
        generator = torch.Generator().manual_seed(0)
        self.inputs = torch.randn(20, 3, generator=generator)
        self.outputs = self.inputs.sum(1, keepdim=True)
        if bad is not None:
            self.inputs[bad] = float("nan")

    def __len__(self) -> int:
        return len(self.inputs)

    def __getitem__(self, index: int) -> Batch:
        return Batch(self.inputs[index], self.outputs[index], torch.tensor(100 + index))


def collate(samples: list[Batch]) -> Batch:
    """A batch of samples."""
    return Batch(*(torch.stack(column) for column in zip(*samples, strict=True)))


class TinyModule(pl.LightningModule):
    """A linear regression with batch norm and dropout."""

    def __init__(self, recipe: dict[str, Any], steps_per_epoch: int) -> None:
        super().__init__()
        self.save_hyperparameters({"config": {"task": {"name": "tiny"}, "recipe": recipe}}, logger=False)
        self.net = nn.Sequential(nn.Linear(3, 8), nn.BatchNorm1d(8), nn.Dropout(0.2), nn.Linear(8, 1))
        self.recipe = recipe
        self.plan = make_plan(recipe, steps_per_epoch)
        self.errors: list[Tensor] = []
        self.validated: list[dict[str, Tensor]] = []

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        loss = (self.net(batch.images) - batch.targets).square().mean()
        self.log("train/loss", loss.detach(), on_step=False, on_epoch=True, batch_size=len(batch.images))
        return loss

    def validation_step(self, batch: Batch, batch_idx: int) -> None:
        self.errors.append((self.net(batch.images) - batch.targets).square())
        if batch_idx == 0:
            self.validated.append({name: value.clone() for name, value in self.net.state_dict().items()})

    def on_validation_epoch_end(self) -> None:
        self.log("val/score", -torch.cat(self.errors).mean())
        self.errors.clear()

    def wreck(self) -> None:
        """Make the network useless."""
        with torch.no_grad():
            for parameter in self.net.parameters():
                parameter += 1000

    def configure_optimizers(self) -> Any:
        optimizer = build_optimizer(self.recipe, self.net, self.plan.lr)
        scheduler = build_scheduler(self.recipe, optimizer, self.plan)
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": scheduler, "interval": "step"}}


def fit(
    path: Path,
    *,
    resume: Path | None = None,
    bad: int | None = None,
    callbacks: tuple = (),
    loggers: Sequence[Any] = (),
    **recipe: Any,
) -> tuple[pl.Trainer, TinyModule]:
    """Train the tiny task in the run folder `path`."""
    merged = {**RECIPE, **recipe}
    torch.manual_seed(5)
    module = TinyModule(merged, steps_per_epoch=5)
    config = {"seed": 1, "trainer": TRAINER, "recipe": merged}
    trainer = build_trainer(
        config,
        module.plan,
        RunFolder(path),
        score="val/score",
        names=lambda batch: [str(number) for number in batch.image_ids.tolist()],
        callbacks=callbacks,
    )
    trainer.loggers = list(loggers)
    sampler = DistributedSampler(Numbers(), num_replicas=1, rank=0)  # a shuffle by the epoch that Lightning sets
    train = DataLoader(Numbers(bad), 4, sampler=sampler, collate_fn=collate)
    trainer.fit(module, train, DataLoader(Numbers(), 4, collate_fn=collate), ckpt_path=resume, weights_only=True)
    return trainer, module
