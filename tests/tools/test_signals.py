"""SIGTERM during a training."""

import os
import signal

import pytest
from lightning.pytorch.callbacks import Callback

from tests.tools.tiny_task import fit
from tools.run_folder import read_metrics


class Terminate(Callback):
    """Send this process a SIGTERM in the middle of the first epoch."""

    def on_train_batch_start(self, trainer, pl_module, batch, batch_idx):
        """Once."""
        if (trainer.current_epoch, batch_idx) == (0, 2):
            os.kill(os.getpid(), signal.SIGTERM)


def test_a_handler_that_was_there_is_left_alone(tmp_path):
    """As a cluster's launcher sets one: it hears the signal, and the training goes on to its end."""
    heard = []
    before = signal.signal(signal.SIGTERM, lambda number, frame: heard.append(number))
    try:
        fit(tmp_path / "run", callbacks=(Terminate(),))
    finally:
        signal.signal(signal.SIGTERM, before)
    assert heard == [signal.SIGTERM]
    assert len(read_metrics(tmp_path / "run" / "metrics.csv")) == 3


def test_without_one_the_training_ends(tmp_path):
    """Lightning's own way, after the batch."""
    with pytest.raises(SystemExit):
        fit(tmp_path / "run", callbacks=(Terminate(),))
    assert read_metrics(tmp_path / "run" / "metrics.csv") == []
