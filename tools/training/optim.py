"""Optimiser, weight decay groups and learning-rate schedules, the same for every task."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.optim.lr_scheduler import LambdaLR

from mnv3.tools.errors import UserError
from mnv3.tools.text.words import format_value

VALIDATIONS = 30
"""Of a run on a small data set: enough to find its best epoch."""

POLY_POWER = 0.9  # DeepLab (Chen et al., 2017, section 4.1), the usual choice in segmentation


@dataclass(frozen=True)
class Plan:
    """A recipe for one data set: lengths in optimiser steps, and the learning rate for the batch size in use."""

    epochs: int
    steps_per_epoch: int
    warmup_steps: int
    lr: float  # peak, after linear scaling
    val_every: int = 1  # epochs between validations

    @property
    def steps(self) -> int:
        return self.epochs * self.steps_per_epoch


def make_plan(recipe: Mapping[str, Any], steps_per_epoch: int) -> Plan:
    """Scale `recipe` to its batch: lr grows with the batch, `steps` and `warmup_steps` shrink with it.

    The recipe states lr, steps and warm-up for `base_batch` images per step; a smaller batch sees as many images at a
    rate smaller by the same factor (Goyal et al., 2017, linear scaling rule). The length is `epochs`, or `steps` (at
    base_batch) rounded up to whole epochs, and at least `min_steps` (at base_batch) of a small data set. A run that
    this lengthens has about VALIDATIONS validations, because its epochs are short. Raises UserError: both or neither of
    `epochs` and `steps` are set, or the training set does not fill one batch.
    """
    if (recipe["epochs"] is None) == (recipe["steps"] is None):
        raise UserError(
            f"recipe.epochs={format_value(recipe['epochs'])} and recipe.steps={format_value(recipe['steps'])}: "
            "set one of the two and make the other null."
        )
    if steps_per_epoch < 1:
        raise UserError(
            f"The training set has fewer images than one batch: recipe.batch_size={recipe['batch_size']} is too large."
        )
    scale = recipe["batch_size"] / recipe["base_batch"]
    wanted = recipe["epochs"] or math.ceil(recipe["steps"] / scale / steps_per_epoch)
    epochs = max(wanted, math.ceil((recipe["min_steps"] or 0) / scale / steps_per_epoch))
    # A longer warm-up (a tiny data set, a short trial) would leave too few steps near the peak rate.
    warmup = min(round(recipe["warmup_steps"] / scale), epochs * steps_per_epoch // 3)
    val_every = max(recipe["val_every"], epochs // VALIDATIONS if epochs > wanted else 1)
    return Plan(epochs, steps_per_epoch, warmup, recipe["lr"] * scale, val_every)


def lr_factor(step: int, *, steps: int, warmup_steps: int, warmup_start: float, schedule: str) -> float:
    """Return the learning rate at optimiser step `step` as a share of the peak.

    Rises linearly from `warmup_start` at step 0 to 1 at `warmup_steps`, then falls to 0 at `steps` along a cosine or a
    polynomial, or stays ("constant"). As in the authors' detection code, the cosine starts after warm-up.
    """
    if step < warmup_steps:
        return warmup_start + (1 - warmup_start) * step / warmup_steps
    progress = min((step - warmup_steps) / max(steps - warmup_steps, 1), 1.0)
    return SCHEDULES[schedule](progress)


SCHEDULES = {
    "cosine": lambda progress: 0.5 * (1 + math.cos(math.pi * progress)),
    "poly": lambda progress: (1 - progress) ** POLY_POWER,
    "constant": lambda progress: 1.0,
}


def parameter_groups(module: nn.Module, weight_decay: float) -> list[dict[str, Any]]:
    """Return two groups: kernels (of all convolutions and linear layers) with weight decay, all else (biases, batch
    norm) without, as in the authors' detection configuration."""
    trainable = [parameter for parameter in module.parameters() if parameter.requires_grad]
    kernels = [parameter for parameter in trainable if parameter.ndim > 1]
    others = [parameter for parameter in trainable if parameter.ndim <= 1]
    return [{"params": kernels, "weight_decay": weight_decay}, {"params": others, "weight_decay": 0.0}]


def build_optimizer(recipe: Mapping[str, Any], module: nn.Module, lr: float) -> torch.optim.Optimizer:
    """Build SGD with momentum (decay coupled, as L2 in the loss) or AdamW over `parameter_groups`, by `recipe`."""
    groups = parameter_groups(module, recipe["weight_decay"])
    if recipe["optimizer"] == "sgd":
        return torch.optim.SGD(groups, lr=lr, momentum=recipe["momentum"])
    assert recipe["optimizer"] == "adamw", recipe["optimizer"]
    return torch.optim.AdamW(groups, lr=lr, betas=(recipe["momentum"], 0.999))


def build_scheduler(recipe: Mapping[str, Any], optimizer: torch.optim.Optimizer, plan: Plan) -> LambdaLR:
    """Build the schedule of `recipe`, to be stepped once per optimiser step."""

    def factor(step: int) -> float:
        return lr_factor(
            step,
            steps=plan.steps,
            warmup_steps=plan.warmup_steps,
            warmup_start=recipe["warmup_start"],
            schedule=recipe["schedule"],
        )

    return LambdaLR(optimizer, factor)
