"""What is on the console: one line an epoch, no chatter, and what went wrong."""

import logging
import re

import pytest
import torch

from mnv3.tools.training.progress import clock, quiet_lightning
from mnv3.tools.training.trainer import NonFiniteLoss
from tests.tools.training.tiny_task import fit


def test_one_line_an_epoch_and_nothing_else(tmp_path, caplog, capfd):
    """Without a terminal: epoch, loss, score, rate, time and time left; Lightning is silent."""
    quiet_lightning()
    with caplog.at_level(logging.INFO):
        fit(tmp_path)
    lines = [record.getMessage() for record in caplog.records]
    pattern = r"epoch \d/3  loss [\d.]+  score -[\d.]+  lr \S+  \d+ images/s  \d+ s  \d+ s left"
    assert len(lines) == 3 and all(re.fullmatch(pattern, line) for line in lines), lines
    out, err = capfd.readouterr()
    assert out == "" and err == ""


def test_steps_and_validated_images_are_counted_within_an_epoch(tmp_path, caplog, monkeypatch):
    """Without a terminal, once the first seconds are over: step, loss, rate and time left; then images validated."""
    monkeypatch.setattr("mnv3.tools.text.progress.FIRST_S", 0)
    with caplog.at_level(logging.INFO):
        fit(tmp_path, epochs=1)
    lines = [record.getMessage() for record in caplog.records]
    steps = [
        line for line in lines if re.fullmatch(r"epoch 1/1: step \d of 5, loss .*images/s, about \d+ s left", line)
    ]
    images = [re.fullmatch(r"epoch 1/1: (\d+) of 20 images validated", line) for line in lines]
    assert len(steps) == 5 and [int(line[1]) for line in images if line] == [4, 8, 12, 16, 20]
    assert len(lines) == 11


def test_only_the_first_process_counts(tmp_path, caplog, monkeypatch):
    monkeypatch.setattr("mnv3.tools.text.progress.FIRST_S", 0)
    monkeypatch.setattr("lightning.pytorch.Trainer.is_global_zero", False)
    with caplog.at_level(logging.INFO):
        fit(tmp_path, epochs=1)
    assert not [record for record in caplog.records if "epoch" in record.getMessage()]


def test_bar_counts_the_images_of_a_validation(tmp_path, monkeypatch):
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    shown = []
    monkeypatch.setattr("rich.progress.Progress.reset", lambda self, task, **fields: shown.append(fields))
    monkeypatch.setattr("rich.progress.Progress.update", lambda self, task, **fields: shown.append(fields))
    fit(tmp_path, epochs=1)
    (start,) = (place for place, fields in enumerate(shown) if fields.get("total") == 20)
    assert shown[start + 1 :] == [{"completed": done} for done in (4, 8, 12, 16, 20)]


def test_bar_on_a_terminal_is_gone_afterwards(tmp_path, monkeypatch):
    """With a terminal the bar shows loss and rate while an epoch runs, and is stopped when training fails."""
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    shown = []
    monkeypatch.setattr(
        "rich.progress.Progress.update", lambda self, task, **fields: shown.append(fields), raising=True
    )
    with pytest.raises(NonFiniteLoss):
        fit(tmp_path, bad=3)
    assert any("images/s" in fields.get("state", "") for fields in shown)


def test_durations_read_as_people_write_them():
    """Seconds, minutes, hours."""
    assert [clock(seconds) for seconds in (0.4, 59, 60, 3599.6, 7385)] == ["0 s", "59 s", "1:00", "1:00:00", "2:03:05"]


def test_broken_loss_names_the_images_and_leaves_the_last_good_checkpoint(tmp_path):
    """Epoch 1 is good; the image with id 103 then turns to NaN: the message names its batch and the checkpoint."""
    fit(tmp_path, epochs=2)
    with pytest.raises(NonFiniteLoss) as caught:
        fit(tmp_path, epochs=3, bad=3, resume=tmp_path / "checkpoints" / "last.ckpt")
    message = str(caught.value)
    ids = re.search(r"images ([\d, ]+)\.", message)
    assert ids is not None and "103" in ids[1].split(", ") and len(ids[1].split(", ")) == 4
    assert "nan in epoch 3" in message and str(tmp_path / "checkpoints" / "last.ckpt") in message
    saved = torch.load(tmp_path / "checkpoints" / "last.ckpt", weights_only=True)
    assert saved["epoch"] == 1 and all(value.isfinite().all() for value in saved["state_dict"].values())
