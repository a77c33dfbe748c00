"""Calls of the command line in this process, in an empty folder, with a verb that only takes notes."""

import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from mnv3.cli.launch import failures
from mnv3.cli.main import run
from tests.cli.recorder import Recorder


@pytest.fixture
def recorder(monkeypatch: pytest.MonkeyPatch) -> Recorder:
    """`mnv3 train` calls this instead of training."""
    recorder = Recorder()
    monkeypatch.setitem(sys.modules, "mnv3.cli.train", SimpleNamespace(run=recorder.run))  # type: ignore[arg-type]
    return recorder


@pytest.fixture
def call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """Make a call of the command line in an empty folder, in this process; returns the exit code."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("HYDRA_FULL_ERROR", raising=False)
    monkeypatch.setenv("MNV3_TRACEBACK", "0")
    monkeypatch.delenv("MNV3_DATA", raising=False)

    def call(*argv: str) -> int:
        monkeypatch.setattr(sys, "argv", ["mnv3", *argv])
        return failures.exit_code(lambda: run(argv))

    return call
