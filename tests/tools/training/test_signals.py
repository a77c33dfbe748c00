"""SIGTERM during a training."""

import contextlib
import os
import signal

import pytest
import torch
from lightning.pytorch.callbacks import Callback

from mnv3.tools.machine import stops
from mnv3.tools.runs.folder import read_metrics
from mnv3.tools.weights.checkpoint import read_checkpoint
from tests.tools.training.tiny_task import fit


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


@pytest.fixture
def listening(monkeypatch):
    """This process listens as the command line does."""
    before = {number: signal.getsignal(number) for number in stops.NAMES}
    for name, value in {"_listener": None, "_asked": None, "_asked_at": 0.0, "_ending": False}.items():
        monkeypatch.setattr(stops, name, value)  # calls in this process, of other tests, have left their own
    stops.listen()
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGINT])
def test_a_stopped_run_goes_on_to_the_weights_of_the_unbroken_one(tmp_path, listening, monkeypatch, sent):
    """In the middle of an epoch; a second signal would end the process while Lightning puts things away."""

    class Stop(Callback):
        def on_train_batch_start(self, trainer, pl_module, batch, batch_idx):
            if (trainer.current_epoch, batch_idx) == (2, 2):
                os.kill(os.getpid(), sent)

        def on_exception(self, trainer, pl_module, exception):
            handlers.append(signal.getsignal(signal.SIGINT))

    handlers = []
    fit(tmp_path / "whole")
    with pytest.raises((KeyboardInterrupt, SystemExit)):
        fit(tmp_path / "stopped", callbacks=(Stop(),))
    assert stops.asked() == sent and stops.exit_code() == 128 + sent and handlers == [stops._hear]
    monkeypatch.setattr(stops, "_asked", None)
    last = tmp_path / "stopped" / "checkpoints" / "last.ckpt"
    assert read_checkpoint(last)["epoch"] == 1
    fit(tmp_path / "stopped", resume=last)
    whole, resumed = (read_checkpoint(tmp_path / run / "checkpoints" / "last.ckpt") for run in ("whole", "stopped"))
    assert all(torch.equal(value, resumed["state_dict"][name]) for name, value in whole["state_dict"].items())


def test_a_stop_that_python_swallows_ends_the_training_at_the_next_batch(tmp_path, listening):
    class Swallow(Callback):
        def on_train_batch_start(self, trainer, pl_module, batch, batch_idx):
            if (trainer.current_epoch, batch_idx) == (1, 2):
                with contextlib.suppress(KeyboardInterrupt):
                    os.kill(os.getpid(), signal.SIGTERM)

    with pytest.raises((KeyboardInterrupt, SystemExit)):
        fit(tmp_path / "run", callbacks=(Swallow(),))
    assert len(read_metrics(tmp_path / "run" / "metrics.csv")) == 1


def test_without_one_the_training_ends(tmp_path):
    """Lightning's own way, after the batch."""
    with pytest.raises(SystemExit):
        fit(tmp_path / "run", callbacks=(Terminate(),))
    assert read_metrics(tmp_path / "run" / "metrics.csv") == []
