"""What is computed in, and what is said of it."""

from pathlib import Path

import pytest
import torch

from mnv3.tools.machine import precision
from mnv3.tools.machine.precision import slow_on_cpu, training_precision, training_remarks

PLAIN, WITH = "flags\t\t: fpu avx2 avx512f\n", "flags\t\t: fpu avx512_bf16 avx2\n"


@pytest.fixture
def processor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Makes this machine's processor one of the given flags."""

    def make(text: str) -> None:
        file = tmp_path / "cpuinfo"
        file.write_text("processor\t: 0\n" + text)
        monkeypatch.setattr(precision, "CPUINFO", file)

    return make


def config(asked: str | None, recipe: str = "auto", accelerator: str = "cpu"):
    return {"trainer": {"precision": asked, "accelerator": accelerator}, "recipe": {"precision": recipe}}


@pytest.mark.parametrize(
    ("flags", "asked", "remarks"),
    [
        (PLAIN, "bf16-mixed", 1),
        (WITH, "bf16-mixed", 0),
        ("Features\t: asimd bf16\n", "bf16-mixed", 0),
        (PLAIN, "32-true", 0),
        (PLAIN, None, 0),
        (WITH, "16-mixed", 1),
        (PLAIN, "16-mixed", 2),
        ("", "bf16-mixed", 0),
    ],
)
def test_slow_arithmetic_is_said_before_a_training(processor, flags, asked, remarks) -> None:
    processor(flags)
    found = training_remarks(config(asked))
    assert len(found) == remarks and all(f"trainer.precision={asked}" in found[0] for _ in found)


def test_what_a_cpu_computes_in(processor) -> None:
    processor(WITH)
    assert training_precision(config(None)) == "32-true"
    assert training_precision(config("16-mixed")) == "bf16-mixed"  # as Lightning does
    assert training_precision(config(None, recipe="bf16-mixed")) == "bf16-mixed"


def test_scoring_says_so_too(processor, caplog: pytest.LogCaptureFixture) -> None:
    processor(PLAIN)
    assert precision.scoring_dtype("16-mixed", "cpu") == torch.float16
    assert "eval.precision=32-true" in caplog.text
    caplog.clear()
    assert precision.scoring_dtype("bf16-mixed", "cuda") == torch.bfloat16 and not caplog.text


def test_a_machine_that_does_not_tell_is_not_judged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(precision, "CPUINFO", tmp_path / "none")
    assert slow_on_cpu("trainer.precision", "bf16-mixed") == []
