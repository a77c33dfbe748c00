"""The folder of a run: what was asked, where it ran, what came of it."""

import csv
import io
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import lightning.pytorch as pl
from lightning.pytorch.callbacks import Callback
from omegaconf import OmegaConf
from torch import Tensor

from tools.files import write_json, write_text


def shown(path: Path) -> str:
    """`path` as people would type it: relative to where they are, if it is below."""
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)


class RunFolder:
    """Paths of runs/<task>/<name>/; the files themselves are written by those who have their content."""

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)
        self.config = self.path / "config.yaml"
        self.checkpoints = self.path / "checkpoints"
        self.last = self.checkpoints / "last.ckpt"
        self.best = self.checkpoints / "best.ckpt"
        self.metrics_csv = self.path / "metrics.csv"
        self.samples = self.path / "samples"

    def __str__(self) -> str:
        return shown(self.path)

    def describe(
        self, config: Mapping[str, Any], overrides: Sequence[str], argv: Sequence[str], env: Mapping[str, Any]
    ) -> None:
        """Write what defines the run: config.yaml (resolved), overrides.txt (one a line), command.txt, env.json."""
        write_text(self.config, OmegaConf.to_yaml(OmegaConf.create(dict(config))))
        write_text(self.path / "overrides.txt", "".join(f"{override}\n" for override in overrides))
        write_text(self.path / "command.txt", shlex.join(argv) + "\n")
        write_json(self.path / "env.json", dict(env))


def validated(trainer: pl.Trainer) -> bool:
    """Whether the running epoch has, or is going to have, a validation."""
    every = trainer.check_val_every_n_epoch
    return every is not None and (trainer.current_epoch + 1) % every == 0


def epoch_metrics(trainer: pl.Trainer) -> dict[str, Tensor]:
    """What was logged in the running epoch: without `val/...` of a former one, which Lightning keeps."""
    values = trainer.callback_metrics.items()
    fresh = {name: value for name, value in values if validated(trainer) or not name.startswith("val/")}
    return dict(sorted(fresh.items(), key=lambda item: ("/" in item[0], item[0].partition("/")[0])))


class MetricsCsv(Callback):
    """One row an epoch, all values side by side (Lightning's own logger spreads an epoch over several rows).

    The row is written before the epoch's checkpoint. Rows of epochs that a resumed run is going to repeat are dropped.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.rows: list[dict[str, Any]] = []

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Take over the rows of the epochs that are behind us."""
        self.rows = [row for row in read_metrics(self.path) if int(row["epoch"]) <= trainer.current_epoch]

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Append this epoch's values; a value that this epoch did not produce (no validation) stays empty."""
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


def read_metrics(path: Path) -> list[dict[str, Any]]:
    """Rows of a metrics.csv, an empty list without the file."""
    if not path.exists():
        return []
    with path.open(newline="") as file:
        return list(csv.DictReader(file))
