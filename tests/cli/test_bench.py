"""mnv3 bench from the command line, with contestants that take no time."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from mnv3.cli import bench
from mnv3.cli.call.composing import composer
from mnv3.ssdlite.bench import run as speed
from mnv3.tools.bench.contestant import Contestant
from mnv3.tools.bench.rounds import Comparison
from mnv3.tools.errors import UserError


def idle() -> Any:
    return lambda: None


def comparisons(cfg: Any, device: torch.device) -> Iterator[Comparison]:
    contestants = {name: Contestant(idle, (), False) for name in ("mnv3", "other")}
    for threads in cfg.bench.threads:
        yield Comparison("doing nothing", "mnv3", contestants, images=1, threads=threads, notes=("One is missing.",))


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(speed, "comparisons", comparisons)
    with composer("bench") as compose:
        yield lambda *words: bench.run(compose(["bench.accelerator=cpu", "bench.rounds=2", *words]))


def test_figures_are_printed_and_kept(run: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run("bench.threads=[1]", "bench.format=svg")
    printed = capsys.readouterr().out
    for part in ("3,215,311 parameters", "doing nothing, 1 thread", "a second", "One is missing.", "bench.svg"):
        assert part in printed
    folder = tmp_path / "runs" / "bench" / "ssdlite-network"
    kept = json.loads((folder / "bench.json").read_text())
    assert "3,215,311 parameters" in kept["cost"] and kept["machine"]["torch"]
    (comparison,) = kept["comparisons"]
    assert len(comparison["contestants"]["other"]["seconds"]) == 2
    assert (folder / "bench.svg").stat().st_size > 1000


def test_a_folder_that_cannot_be_made_is_told_before_anything_is_timed(run: Any, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match=r"bench\.out=.*cannot be created"):
        run("bench.out=file/folder")
