"""Resuming from a checkpoint that may have been altered: parts that do not fit are reported as errors of the file."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import lightning.pytorch as pl
from lightning.pytorch.callbacks import Callback

from mnv3.tools.errors import UserError
from mnv3.tools.runs.folder import RunFolder
from mnv3.tools.runs.saved_config import short
from mnv3.tools.weights.checkpoint import check_resumable, read_checkpoint, run_config

TRAINED_BY = ("task", "backbone", "dataset", "recipe")
"""Sections that define the network and its training, the same in a run and its checkpoints."""


def check_resumed(folder: RunFolder, config: Mapping[str, Any], task: str) -> None:
    """Raise UserError if a training of `task` by `config` cannot resume from the last checkpoint in `folder`, or if the
    best one, which may stay the best, is of another training."""
    last = read_checkpoint(folder.last)
    _check_config(last, folder.last, config, task)
    check_resumable(last, folder.last)
    if folder.best.exists():
        _check_config(read_checkpoint(folder.best), folder.best, config, task)


def _check_config(checkpoint: Mapping[str, Any], path: Path, config: Mapping[str, Any], task: str) -> None:
    """Compare the keys that both configurations have: newer or older ones may lack some."""
    saved = run_config(checkpoint, path, task)
    for section in TRAINED_BY:
        before, now = saved.get(section, {}), config[section]
        for key in now:
            if key in before and before[key] != now[key]:
                raise UserError(
                    f"{path}: {section}.{key} is {short(before[key])} in its configuration and {short(now[key])} in "
                    "that of its run; the file is of another run, or was altered."
                )


class Restored(Callback):
    """Callback that records that the checkpoint's state is restored and training has begun."""

    def __init__(self) -> None:
        self.done = False

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Called by Lightning after restoring."""
        self.done = True


@contextmanager
def restoring(path: Path | None, restored: Restored) -> Iterator[None]:
    """Context in which a training resumes from `path`, None for a new one. `restored` is a callback of its trainer.
    Raises UserError: instead of errors of Lightning, the network or the optimiser about a state that is not theirs."""
    try:
        yield
    except (UserError, OSError, MemoryError):
        raise
    except Exception as error:
        if path is None or restored.done:
            raise
        raise UserError(
            f"{path}: its state does not fit the network, the optimiser or the trainer of its run; it was altered."
        ) from error
