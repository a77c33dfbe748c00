"""Exponential moving average of the weights, which validation and saved checkpoints use.

Lightning's EMAWeightAveraging does not ramp up the decay, and waits for the device twice per step. The layout of its
checkpoints is kept: `state_dict` is the average, `current_model_state` the weights from which training resumes.
"""

from typing import Any

import lightning.pytorch as pl
import torch
from lightning.pytorch.callbacks import Callback
from torch import Tensor

RAMP = 10  # as TensorFlow's ExponentialMovingAverage with num_updates: decay (1 + n) / (10 + n) up to the full one


def ramped_decay(decay: float, updates: int) -> float:
    """Return the decay after `updates` updates: small at first, to forget the random start quickly."""
    return min(decay, (1 + updates) / (RAMP + updates))


class Ema(Callback):
    """Averages parameters and batch norm statistics; integers (the count of batches) are copied."""

    def __init__(self, decay: float) -> None:
        self.decay = decay
        self.updates = 0
        self.averages: dict[str, Tensor] = {}
        self.weights: dict[str, Tensor] = {}  # the model's own tensors, under the same names

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Start from the model, or from the averages of the checkpoint that training resumes from."""
        self.weights = pl_module.state_dict()
        start = self.averages or self.weights
        self.averages = {name: torch.empty_like(value).copy_(start[name]) for name, value in self.weights.items()}

    def on_train_batch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule, *_: Any) -> None:
        """Move the averages towards the weights, once per optimiser step."""
        if trainer.global_step > self.updates:
            self.update()

    @torch.no_grad()
    def update(self) -> None:
        """Update the averages from the model's current weights."""
        floats = [name for name, value in self.averages.items() if value.is_floating_point()]
        torch._foreach_lerp_(  # pyright: ignore[reportPrivateImportUsage]
            [self.averages[name] for name in floats],
            [self.weights[name] for name in floats],
            1 - ramped_decay(self.decay, self.updates),
        )
        for name in self.averages.keys() - set(floats):
            self.averages[name].copy_(self.weights[name])
        self.updates += 1

    @torch.no_grad()
    def swap(self) -> None:
        """Exchange the averages with the model's weights, in place."""
        for name, value in self.weights.items():
            held = value.clone()
            value.copy_(self.averages[name])
            self.averages[name].copy_(held)

    def on_validation_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Validate the average."""
        self.swap()

    def on_validation_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Return to the weights in training."""
        self.swap()

    def on_train_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Make the average the result."""
        pl_module.load_state_dict(self.averages)

    def state_dict(self) -> dict[str, Any]:
        """Return what a checkpoint needs besides the weights."""
        return {"updates": self.updates}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self.updates = state_dict["updates"]

    def on_save_checkpoint(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        """Store the average as `state_dict`, which readers of the checkpoint use."""
        checkpoint["current_model_state"] = checkpoint["state_dict"]
        checkpoint["state_dict"] = dict(self.averages)

    def on_load_checkpoint(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        """Restore both; Lightning has already loaded the average into the module."""
        self.averages = dict(checkpoint["state_dict"])
        pl_module.load_state_dict(checkpoint["current_model_state"])


class SharedBuffers(Callback):
    """Gives every process the first one's buffers before validation.

    Batch norm statistics differ between processes; otherwise each would score with its own, and the score would not be
    that of the saved checkpoint. Must come after `Ema` in the list of callbacks.
    """

    def on_validation_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Broadcast from rank 0."""
        for buffer in pl_module.buffers() if trainer.world_size > 1 else ():
            torch.distributed.broadcast(buffer, src=0)
