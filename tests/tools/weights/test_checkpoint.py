"""Checkpoints are whole or absent, run no code, and a killed run goes on to the same weights."""

import errno
import os
import pickle
import pickletools
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
import torch
from lightning.pytorch.callbacks import Callback
from torch import nn

from mnv3.tools.errors import UserError
from mnv3.tools.weights import checkpoint as checkpoints
from mnv3.tools.weights.checkpoint import load_fitting, read_checkpoint, run_config, write_checkpoint
from tests.tools.training.tiny_task import fit


class Killed(RuntimeError):
    """Stands for kill -9 in process: nothing that Lightning does on errors may save the run."""


class KillAt(Callback):
    """Stop in the middle of an epoch."""

    def __init__(self, epoch, batch):
        self.at = (epoch, batch)

    def on_train_batch_end(self, trainer, pl_module, outputs, batch, batch_idx):
        if (trainer.current_epoch, batch_idx) == self.at:
            raise Killed


def final(path):
    return read_checkpoint(path / "checkpoints" / "last.ckpt")


def same(one, other):
    """Deep, bit-exact equality of two checkpoints, but for wall-clock times."""
    if isinstance(one, torch.Tensor):
        return torch.equal(one, other)
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[name], other[name]) for name in one)
    if isinstance(one, (list, tuple)):
        return len(one) == len(other) and all(map(same, one, other))
    return one == other


def test_no_module_is_named_in_a_checkpoint(tmp_path):
    """So that files of 0.1.0, whose modules had other names, and of versions to come, are read by this one."""
    fit(tmp_path)
    with zipfile.ZipFile(tmp_path / "checkpoints" / "best.ckpt") as archive:
        (name,) = [name for name in archive.namelist() if name.endswith("data.pkl")]
        operations = list(pickletools.genops(archive.read(name)))
    texts = [str(argument) for operation, argument, _ in operations if operation.name in ("GLOBAL", "STACK_GLOBAL")]
    assert {text.split()[0].split(".")[0] for text in texts} <= {"torch", "collections"}
    assert texts


@pytest.mark.parametrize("ema", [0.9, None])
@pytest.mark.parametrize("batch", [0, 3, 4])
def test_a_killed_run_goes_on_to_the_same_end(tmp_path, ema, batch):
    """Weights, averages, optimiser, schedule, best score: all as in the run that was never killed, bit for bit."""
    fit(tmp_path / "whole", ema=ema)
    with pytest.raises(Killed):
        fit(tmp_path / "killed", ema=ema, callbacks=(KillAt(2, batch),))
    fit(tmp_path / "killed", ema=ema, resume=tmp_path / "killed" / "checkpoints" / "last.ckpt")
    whole, resumed = final(tmp_path / "whole"), final(tmp_path / "killed")
    for part in ("state_dict", "optimizer_states", "lr_schedulers", "epoch", "global_step", "callbacks"):
        assert same(whole[part], resumed[part]), part
    assert same(whole.get("current_model_state"), resumed.get("current_model_state"))
    best = [read_checkpoint(tmp_path / run / "checkpoints" / "best.ckpt")["epoch"] for run in ("whole", "killed")]
    assert best[0] == best[1]


def test_best_is_the_epoch_with_the_highest_score(tmp_path):
    """A rate that wrecks the network after the first epoch: best stays, last goes on."""

    class Wreck(Callback):
        def on_train_epoch_start(self, trainer, pl_module: Any):
            if trainer.current_epoch > 0:
                pl_module.wreck()

    fit(tmp_path, callbacks=(Wreck(),), ema=None)
    best = read_checkpoint(tmp_path / "checkpoints" / "best.ckpt")
    assert best["epoch"] == 0 and final(tmp_path)["epoch"] == 2
    assert sorted(os.listdir(tmp_path / "checkpoints")) == ["best.ckpt", "last.ckpt"]


def test_epochs_without_validation_are_last_but_never_best(tmp_path):
    """Validation after epochs 2, 4 and 5 of 5, the wrecked ones after the second: the best is the second."""

    class Wreck(Callback):
        def on_train_epoch_start(self, trainer, pl_module: Any):
            if trainer.current_epoch == 2:
                pl_module.wreck()

    _, module = fit(tmp_path, val_every=2, epochs=5, ema=None, callbacks=(Wreck(),))
    assert len(module.validated) == 3
    assert read_checkpoint(tmp_path / "checkpoints" / "best.ckpt")["epoch"] == 1
    assert final(tmp_path)["epoch"] == 4


class FullDisk:
    """A file on a file system that takes `room` bytes more."""

    def __init__(self, file, room):
        self.file, self.room = file, room

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.file.close()

    def __getattr__(self, name):
        return getattr(self.file, name)

    def write(self, data):
        self.file.write(data[: self.room])
        if len(data) > self.room:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return len(data)


def test_a_full_disk_leaves_the_former_checkpoint_whole(tmp_path, monkeypatch):
    """One sentence, no half-written file, and the former checkpoint still loads."""
    path = tmp_path / "run" / "checkpoints" / "last.ckpt"
    write_checkpoint({"weights": torch.arange(1000.0)}, path)
    real_open = Path.open
    monkeypatch.setattr(Path, "open", lambda self, mode: FullDisk(real_open(self, mode), room=100))
    with pytest.raises(UserError, match=r"no space left on the disk.*previous one is intact.*resume=.*run"):
        write_checkpoint({"weights": torch.zeros(1000)}, path)
    monkeypatch.undo()
    assert torch.equal(read_checkpoint(path)["weights"], torch.arange(1000.0))
    assert os.listdir(path.parent) == ["last.ckpt"]


def test_a_disk_that_fills_up_during_training_keeps_the_last_epoch(tmp_path, monkeypatch):
    """The same through the trainer: epoch 1 is saved, epoch 2 is not, and the run can go on from epoch 1."""
    real_open = Path.open

    def limited(path, mode="r", *args, **options):
        file = real_open(path, mode, *args, **options)
        return FullDisk(file, room=50) if path.suffix == ".ckpt" and mode == "wb" else file

    class FillDisk(Callback):
        def on_train_epoch_start(self, trainer, pl_module):
            if trainer.current_epoch == 1:
                monkeypatch.setattr(Path, "open", limited)

    with pytest.raises(UserError, match=r"last.ckpt: no space left on the disk.*previous one is intact"):
        fit(tmp_path, callbacks=(FillDisk(),))
    monkeypatch.undo()
    assert final(tmp_path)["epoch"] == 0
    assert sorted(os.listdir(tmp_path / "checkpoints")) == ["best.ckpt", "last.ckpt"]


def test_what_a_kill_left_before_the_last_step_goes_when_the_run_goes_on(tmp_path):
    """A checkpoint that was written and has not taken its place."""
    fit(tmp_path, epochs=1)
    left = tmp_path / "checkpoints" / ".new-last.ckpt"
    left.write_bytes(b"of the next epoch")
    fit(tmp_path, epochs=1, resume=tmp_path / "checkpoints" / "last.ckpt")
    assert sorted(os.listdir(tmp_path / "checkpoints")) == ["best.ckpt", "last.ckpt"]


def test_a_writer_that_is_killed_leaves_the_former_checkpoint(tmp_path):
    """A process killed with SIGKILL between opening and renaming: the file is the former one."""
    path = tmp_path / "last.ckpt"
    write_checkpoint({"epoch": 1}, path)
    code = (
        "import os, signal, sys, pathlib; from mnv3.tools.weights import checkpoint\n"
        "os.fsync = lambda _: os.kill(os.getpid(), signal.SIGKILL)\n"
        "checkpoint.write_checkpoint({'epoch': 2}, pathlib.Path(sys.argv[1]))"
    )
    killed = subprocess.run([sys.executable, "-c", code, str(path)], cwd=Path(checkpoints.__file__).parents[1])
    assert killed.returncode == -9
    assert read_checkpoint(path) == {"epoch": 1}


class Evil:
    """Would run code when unpickled."""

    def __reduce__(self):
        return (os.system, ("echo pwned",))


def test_every_bad_file_has_its_sentence(tmp_path):
    """Missing, truncated at several places, empty, text, pickled code by torch and by pickle, a bare tensor."""
    good = tmp_path / "good.ckpt"
    write_checkpoint({"weights": torch.zeros(5000)}, good)
    data = good.read_bytes()
    bad: dict[str, tuple[bytes | None, str]] = {"missing": (None, "no such checkpoint")}
    for size in (0, 1, 100, len(data) // 2, len(data) - 1):
        bad[f"cut{size}"] = (data[:size], "truncated or damaged")
    bad["text"] = (b"this is not a checkpoint\n" * 50, "truncated or damaged")
    bad["pickle"] = (pickle.dumps(Evil(), protocol=2), "refused, because it holds pickled")
    torch.save({"weights": Evil()}, tmp_path / "evil")
    bad["torch"] = ((tmp_path / "evil").read_bytes(), "refused, because it holds pickled")
    torch.save(nn.Linear(1, 1), tmp_path / "module")
    bad["module"] = ((tmp_path / "module").read_bytes(), "refused, because it holds pickled")
    torch.save(torch.zeros(3), tmp_path / "tensor")
    bad["tensor"] = ((tmp_path / "tensor").read_bytes(), "holds a Tensor, where a dictionary")
    for name, (content, sentence) in bad.items():
        path = tmp_path / f"{name}.ckpt"
        if content is not None:
            path.write_bytes(content)
        with pytest.raises(UserError, match=sentence) as caught:
            read_checkpoint(path)
        assert str(path) in str(caught.value) and len(caught.value.problems) == 1


def test_a_checkpoint_of_another_task_or_of_nobody_is_refused(tmp_path):
    """The task is named; a bare state dict is told where it belongs."""
    fit(tmp_path, epochs=1)
    saved = final(tmp_path)
    assert run_config(saved, "x.ckpt", "tiny")["recipe"]["epochs"] == 1
    with pytest.raises(UserError, match="is of task=tiny, not of task=ssdlite"):
        run_config(saved, "x.ckpt", "ssdlite")
    with pytest.raises(UserError, match="init=FILE"):
        run_config(saved["state_dict"], "x.ckpt", "ssdlite")


def test_what_does_not_fit_keeps_its_start_values_and_is_named():
    """Another class count in the last layer, a layer too few and one too many."""
    torch.manual_seed(0)
    body, head = nn.Linear(3, 4), nn.Linear(4, 2)
    source = nn.ModuleDict({"body": nn.Linear(3, 4), "head": nn.Linear(4, 5), "old": nn.Linear(1, 1)})
    target = nn.ModuleDict({"body": body, "head": head, "new": nn.Linear(1, 1)})
    start = head.weight.clone()
    left = load_fitting(target, source.state_dict())
    assert torch.equal(body.weight, source.state_dict()["body.weight"])
    assert torch.equal(head.weight, start)
    assert left == [
        "head.bias: shape (5,), here (2,)",
        "head.weight: shape (5, 4), here (2, 4)",
        "new.bias: not in the file",
        "new.weight: not in the file",
        "old.bias: only in the file",
        "old.weight: only in the file",
    ]
