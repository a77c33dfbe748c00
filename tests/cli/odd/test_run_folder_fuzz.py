"""Run folders whose files were edited or damaged: compared, tabled, scored and resumed, or named in a sentence."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
import yaml

from mnv3.cli import compare
from mnv3.cli.tasks import open_task
from mnv3.tools.errors import UserError
from mnv3.tools.runs.find import find
from mnv3.tools.runs.scores import scores
from tests.cli.recorder import Recorder
from tests.cli.scored import write_run
from tests.mutations import altered, damaged, generator

ROW = "table6/v3_large"
CALL = [f"experiment={ROW}", "dataset=streets", "recipe=quick", "name=good"]
FILES = ("config.yaml", "metrics.json", "metrics.csv", "command.txt", "overrides.txt")


@pytest.fixture
def good(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SECRET", "hunter2")
    folder = write_run(tmp_path / "runs", "good", CALL, {"AP": 0.3, "AP50": 0.5, "per_class": {"car": {"AP": 0.2}}})
    (folder / "metrics.csv").write_text("epoch,seconds,train/loss,val/AP\n1,3,2.0,0.1\n2,6,1.0,0.3\n")
    (folder / "overrides.txt").write_text("".join(f"{line}\n" for line in CALL))
    (folder / "command.txt").write_text("mnv3 train\n")
    return folder


def spoil(good: Path, number: int) -> Path:
    """A copy with one file edited, or damaged."""
    rng = generator("run folder", number)
    folder = good.with_name("spoilt")
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(good, folder)
    file = folder / FILES[number % len(FILES)]
    if file.suffix == ".yaml" and rng.random() < 0.7:
        file.write_text(yaml.safe_dump(altered(yaml.safe_load(file.read_text()), rng)))
    elif file.suffix == ".json" and rng.random() < 0.7:
        file.write_text(json.dumps(altered(json.loads(file.read_text()), rng)))
    else:
        file.write_bytes(damaged(file.read_bytes(), rng))
    return folder


@pytest.mark.parametrize("cases", [10, pytest.param(600, marks=pytest.mark.nightly)])
def test_compared_and_tabled(good: Path, cases: int, capsys: pytest.CaptureFixture[str]) -> None:
    for number in range(cases):
        spoil(good, number)
        try:
            compare.run(["spoilt", *(["good"] if number % 2 else []), "out=out"])
        except UserError as error:
            assert "spoilt" in str(error)
        found, _ = scores(Path("runs"), open_task("ssdlite"), [ROW])
        assert any(score.value == 0.3 for score in found[ROW])
        said = "".join(capsys.readouterr())
        assert "hunter2" not in said and "\x1b" not in said and "Error" not in said


@pytest.mark.parametrize("cases", [6, pytest.param(400, marks=pytest.mark.nightly)])
def test_resumed(
    good: Path,
    cases: int,
    recorder: Recorder,
    call: Callable[..., int],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(good.parents[2])
    for number in range(cases):
        folder = spoil(good, 5 * number if number % 2 else 5 * number + 4)  # its configuration, or its call
        assert call("train", f"resume={folder}") in (0, 2)
        said = capsys.readouterr().err
        assert "hunter2" not in said and "Error" not in said and "Traceback" not in said


def test_a_spoilt_run_does_not_hide_the_others(
    good: Path, call: Callable[..., int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The newest run is looked for in all of them."""
    monkeypatch.chdir(good.parents[2])
    bad = shutil.copytree(good, good.with_name("bad"))
    (bad / "config.yaml").write_text("task: [")
    os.utime(bad / "checkpoints/best.ckpt", (4e9, 4e9))
    assert find(Path("runs"), "ssdlite", None, None, {"backbone.name": "large"}).folder == Path("runs/ssdlite/good")


@pytest.mark.parametrize("verb", [("eval",), ("predict", "x.png"), ("export",)])
def test_a_checkpoint_of_an_odd_run_is_named(
    verb: tuple[str, ...], good: Path, call: Callable[..., int], monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.chdir(good.parents[2])
    torch.save({"hyper_parameters": -1}, good / "checkpoints/best.ckpt")
    for text in ("task: 3\n", "task: {name: ssdlite}\nname: ${oc.env:SECRET}\n", "\0", "task: {name: x}\n"):
        (good / "config.yaml").write_text(text)
        assert call(*verb, f"run={good}") == 2
        said = capsys.readouterr().err
        assert said.startswith("mnv3: ") and "good" in said and "hunter2" not in said and "Error" not in said
