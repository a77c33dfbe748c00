"""What a training does on a GPU, of both tasks."""

import math

import pytest
import torch

from mnv3.tools.training.module import TrainingModule
from tests.gpu.conftest import TASKS, losses, weights

TASK = pytest.mark.parametrize("task", TASKS)
MOST_MEMORY = 1.02
"""Of an epoch's peak in the next one."""


@TASK
@pytest.mark.parametrize("precision", ["32-true", "bf16-mixed", "16-mixed"])
def test_every_precision_learns_what_float32_learns(train, task: str, precision: str) -> None:
    found = losses(train(task, f"trainer.precision={precision}"))
    exact = losses(train(task, "trainer.precision=32-true", folder="exact"))
    assert all(map(math.isfinite, found)) and found[1] < found[0]
    assert found == pytest.approx(exact, rel=0.1)


@TASK
def test_a_gpu_learns_what_a_cpu_learns(train, task: str) -> None:
    here = losses(train(task, "trainer.precision=32-true"))
    cpu = losses(train(task, "trainer.accelerator=cpu", folder="cpu"))
    assert here == pytest.approx(cpu, rel=0.02)


@TASK
def test_deterministic_runs_have_the_same_weights(train, task: str) -> None:
    one, two = (
        weights(train(task, "trainer.deterministic=true", "trainer.precision=32-true", folder=folder))
        for folder in ("one", "two")
    )
    assert all(torch.equal(value, two[name]) for name, value in one.items())


@TASK
def test_a_stopped_run_goes_on_to_the_same_weights(train, task: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the average of the weights."""
    fixed = ("trainer.deterministic=true", "trainer.precision=32-true", "recipe.ema=0.9")
    whole = weights(train(task, *fixed, folder="whole"))
    step = TrainingModule.training_step

    def stopped(self, batch, batch_idx):
        if (self.trainer.current_epoch, batch_idx) == (1, 1):
            raise InterruptedError
        return step(self, batch, batch_idx)

    with monkeypatch.context() as patch, pytest.raises(InterruptedError):
        patch.setattr(TrainingModule, "training_step", stopped)
        train(task, *fixed, folder="cut")
    cut = weights(train(task, *fixed, folder="cut"))
    assert all(torch.equal(value, cut[name]) for name, value in whole.items())


@TASK
def test_compiled_and_in_a_group_of_one(train, task: str) -> None:
    plain = losses(train(task, "trainer.precision=32-true"))
    assert losses(train(task, "trainer.precision=32-true", "trainer.compile=true", folder="compiled")) == pytest.approx(
        plain, rel=0.02
    )
    assert losses(train(task, "trainer.precision=32-true", "trainer.strategy=ddp", folder="ddp")) == pytest.approx(
        plain, rel=0.02
    )


@TASK
def test_memory_does_not_grow(train, task: str) -> None:
    peaks = []
    for epochs in (1, 4):
        torch.cuda.reset_peak_memory_stats()
        train(task, f"recipe.epochs={epochs}", folder=str(epochs))
        peaks.append(torch.cuda.max_memory_allocated())
    assert peaks[1] < MOST_MEMORY * peaks[0]
