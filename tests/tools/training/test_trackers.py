"""Trackers of a training: TensorBoard's files read by its own reader, W&B's by its own."""

from pathlib import Path
from typing import Any

import pytest
from lightning.pytorch.loggers import TensorBoardLogger

from mnv3.tools.errors import UserError
from mnv3.tools.runs.folder import RunFolder
from mnv3.tools.training.trackers import Trackers, check_trackers, start_trackers
from tests.tools.runs.test_wandb_run import SETTINGS, summary
from tests.tools.training.tiny_task import fit

CONFIG: dict[str, Any] = {
    "task": {"name": "tiny"},
    "backbone": {"name": "small"},
    "dataset": {"name": "cells"},
    "recipe": {"name": "quick"},
    "row": None,
    "wandb": {**SETTINGS, "group": None},
}


def start(folder: Path, logger: str) -> Trackers:
    facts = {"images": {"train": 20, "val": 20}, "classes": 3}
    return start_trackers(
        {**CONFIG, "logger": logger}, RunFolder(folder), tags=[], facts=facts, row_cost=lambda slots: pytest.fail()
    )


def test_tensorboard_has_epochs_steps_and_the_scored_checkpoint(tmp_path: Path) -> None:
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    trackers = start(tmp_path / "run", "tensorboard")
    assert trackers.run is None and isinstance(trackers.board, TensorBoardLogger)
    fit(tmp_path / "run", epochs=3, loggers=trackers.loggers)
    trackers.report(RunFolder(tmp_path / "run"), CONFIG, {"score": -0.25}, 2, dict)
    events = accumulator.EventAccumulator(str(tmp_path / "run" / "tensorboard")).Reload()
    steps = [event.step for event in events.Scalars("step/loss")]
    assert steps == list(range(1, 16))  # three epochs of five steps
    assert len(events.Scalars("train/loss")) == len(events.Scalars("val/score")) == 3
    assert events.Scalars("best/score")[-1].value == -0.25
    assert not (tmp_path / "run" / "wandb").exists()


def test_wandbs_summary_has_the_scored_checkpoint_and_a_group(tmp_path: Path) -> None:
    trackers = start(tmp_path, "both")
    try:
        assert len(trackers.loggers) == 2
        trackers.report(RunFolder(tmp_path), CONFIG, {"AP": 0.5, "AP50": 0.8}, 7, dict)
    finally:
        trackers.run.finish()
    figures, begun = summary(tmp_path)
    assert (figures["best/AP"], figures["best/AP50"], figures["best/epoch"]) == (0.5, 0.8, 7)
    assert begun["run_group"] == "tiny-small-cells-quick"


def test_a_missing_library_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    check_trackers("wandb")
    monkeypatch.setitem(__import__("sys").modules, "tensorboard", None)
    with pytest.raises(UserError, match=r"mnv3\[tensorboard\]"):
        check_trackers("both")
