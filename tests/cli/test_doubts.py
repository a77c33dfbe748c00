"""mnv3 data check with a run: its network goes through the labels."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.test_eval import boxes  # noqa: F401
from tests.cli.test_eval import run_folder as detector_run  # noqa: F401
from tests.cli.test_eval_segmentation import run_folder as segmenter_run  # noqa: F401

Call = Callable[..., int]


def test_boxes(
    detector_run: Path,  # noqa: F811
    boxes: list[str],  # noqa: F811
    call: Call,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert call("data", "check", "task=ssdlite", *boxes, f"run={detector_run}", "out=found") == 0
    printed = capsys.readouterr().out
    assert "best.ckpt" in printed and "not found" in printed
    entries = json.loads(Path("found/doubts.json").read_text())
    assert entries and {entry["kind"] for entry in entries} <= {"no label", "another class", "not found"}
    assert Path("found/doubts.png").is_file()
    assert call("data", "check", "task=ssdlite", *boxes, "run=thin", "out=found") == 0  # and again, over its own files


def test_masks(segmenter_run: Path, call: Call, capsys: pytest.CaptureFixture[str]) -> None:  # noqa: F811
    keys = ["task=lraspp", "dataset=cityscapes", "data.root=data"]
    assert call("data", "check", *keys, "run=thin") == 0
    printed = capsys.readouterr().out
    assert "train, frames with the lowest agreement" in printed and "val, frames with" in printed
    entries = json.loads(Path("runs/data/cityscapes/doubts.json").read_text())
    assert len(entries) == 6 and all(0 <= entry["agreement"] <= 1 for entry in entries)


def test_a_run_that_is_not_there_or_of_another_task(
    segmenter_run: Path,  # noqa: F811
    boxes: list[str],  # noqa: F811
    call: Call,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for run in ("nowhere", str(segmenter_run)):
        assert call("data", "check", "task=ssdlite", *boxes, f"run={run}", "out=found") == 2
    assert "run=nowhere" in capsys.readouterr().err
