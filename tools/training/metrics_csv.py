"""Writes the values of each training epoch as a row of metrics.csv."""

import csv
import io
from pathlib import Path
from typing import Any

import lightning.pytorch as pl
from lightning.pytorch.callbacks import Callback
from torch import Tensor

from mnv3.tools.files.write import write_text
from mnv3.tools.runs.folder import read_metrics


def validated(trainer: pl.Trainer) -> bool:
    """Return whether the current epoch has, or will have, a validation."""
    every = trainer.check_val_every_n_epoch
    return every is not None and (trainer.current_epoch + 1) % every == 0


def epoch_metrics(trainer: pl.Trainer) -> dict[str, Tensor]:
    """Return the values logged in this epoch, without an earlier epoch's `val/...`, which Lightning keeps."""
    values = trainer.callback_metrics.items()
    fresh = {name: value for name, value in values if validated(trainer) or not name.startswith("val/")}
    return dict(sorted(fresh.items(), key=lambda item: ("/" in item[0], item[0].partition("/")[0])))


class MetricsCsv(Callback):
    """Writes one row per epoch (Lightning's own logger spreads an epoch over several rows).
    The row is written before the epoch's checkpoint. Rows of epochs that a resumed run will repeat are dropped."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.rows: list[dict[str, Any]] = []

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Keep the rows of the epochs before the resumed one."""
        self.rows = [row for row in read_metrics(self.path) if int(row["epoch"]) <= trainer.current_epoch]

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Append this epoch's values; missing ones (no validation) stay empty."""
        if not trainer.is_global_zero:
            return
        values = {name: f"{float(value):.6g}" for name, value in epoch_metrics(trainer).items()}
        self.rows.append({"epoch": trainer.current_epoch + 1, "step": trainer.global_step, **values})
        columns = list(dict.fromkeys(name for row in self.rows for name in row))
        text = io.StringIO()
        writer = csv.DictWriter(text, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(self.rows)
        write_text(self.path, text.getvalue())
