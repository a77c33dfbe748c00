"""train, evaluate and export from Python, as a user calls them."""

import json
import logging
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import mnv3
from mnv3.tools.errors import Failure

SMALL = (
    "recipe=quick",
    "backbone.width=0.35",
    "task.input_size=[96,96]",
    "recipe.batch_size=2",
    "dataset.train=4",
    "dataset.val=2",
    "data.workers=0",
    "wandb.mode=disabled",
)


def state() -> tuple:
    handlers = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    return handlers, logging.getLogger().handlers[:], sys.argv[:], dict(os.environ), sys.stdout


def test_from_training_to_predicting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    before = state()
    run = mnv3.train("name=tiny", "recipe.epochs=1", *SMALL)
    assert "epoch 1/1" in capsys.readouterr().out
    metrics = json.loads(Path("runs/ssdlite/tiny/metrics.json").read_text())
    assert run.folder == Path("runs/ssdlite/tiny") and run.figures["AP"] == metrics["AP"]
    report = mnv3.evaluate("run=tiny", "eval.samples=0", "wandb.mode=disabled")
    assert report.folder == Path("runs/ssdlite/tiny/eval/streets-val")
    assert report.figures["AP"] == pytest.approx(run.figures["AP"])
    exported = mnv3.export("run=tiny")
    assert exported.file == Path("runs/ssdlite/tiny/export/tiny.onnx") and exported.figures == run.figures
    assert mnv3.load(run.file).names == mnv3.load(exported.file).names
    assert state() == before


@pytest.mark.parametrize(
    ("overrides", "pattern"),
    [
        (("recipe.ephocs=3", "task=ssdlit"), r"(?s)task=ssdlit.*recipe\.epochs"),
        (("dataset=coco", "data.root=nowhere", "wandb.mode=disabled"), r"nowhere.*mnv3 data get coco"),
        (("-m", "seed=1,2", "dry=true"), r"(?s)-m: .*dry=true: "),
        ((["task=ssdlite"],), r"\*"),
        ((3,), r"^3: "),
    ],
)
def test_mistakes_are_value_errors(
    overrides: tuple[Any, ...],
    pattern: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match=pattern):
        mnv3.train(*overrides)
    assert "mnv3:" not in capsys.readouterr().out  # the sentences are in the exception alone
    assert not list(tmp_path.rglob("log.txt"))


def test_a_command_that_is_killed_is_a_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONHOME", "/nowhere")  # Python does not start
    with pytest.raises(Failure, match="mnv3 train"):
        mnv3.train("seed=1")


def test_an_interrupt_stops_the_training(tmp_path: Path) -> None:
    """Sent to the caller alone, as notebooks do."""
    code = f"import mnv3; mnv3.train('name=long', 'recipe.epochs=5000', *{SMALL})"
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("epoch 2/"):
            break
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=120)
    assert "resume=runs/ssdlite/long" in out
    assert process.returncode != 0 and err.rstrip().endswith("KeyboardInterrupt")
    with pytest.raises(ProcessLookupError):
        os.killpg(process.pid, 0)
