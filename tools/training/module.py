"""Base LightningModule: training step, optimiser, schedule. Tasks add losses and validation."""

from collections.abc import Mapping
from typing import Any

import lightning.pytorch as pl
from torch import Tensor

from mnv3.tools.training.optim import Plan, build_optimizer, build_scheduler


class TrainingModule(pl.LightningModule):
    """Training step and optimiser of the recipe in `config`, the whole resolved configuration.

    A task adds its network as its only submodule, `losses`, and the validation, which calls `log_scores`. The
    hyper-parameters, `config` and `about` (plain values), go into every checkpoint, so that it suffices to rebuild the
    network.
    """

    def __init__(self, config: Mapping[str, Any], plan: Plan, about: Mapping[str, Any]) -> None:
        super().__init__()
        self.save_hyperparameters({"config": dict(config), **about}, logger=False)
        self.recipe = config["recipe"]
        self.plan = plan

    def losses(self, batch: Any) -> dict[str, Tensor]:
        """Return scalars of a batch: "loss", which is minimised, and its parts."""
        raise NotImplementedError

    def training_step(self, batch: Any, batch_idx: int) -> Tensor:
        losses = self.losses(batch)
        values = {f"train/{name}": value.detach() for name, value in losses.items()}
        self.log_dict(values, on_step=False, on_epoch=True, batch_size=len(batch.images), sync_dist=True)
        return losses["loss"]

    def log_scores(self, scores: Any) -> None:
        """Log the scores of a validation, the same in each process."""
        self.log_dict({f"val/{name}": value for name, value in scores.stats.items()})

    def configure_optimizers(self) -> Any:
        """Return optimiser and schedule of the recipe; the schedule advances every optimiser step."""
        optimizer = build_optimizer(self.recipe, self, self.plan.lr)
        scheduler = build_scheduler(self.recipe, optimizer, self.plan)
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": scheduler, "interval": "step"}}
