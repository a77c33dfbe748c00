from pathlib import Path

import pytest

from mnv3.cli.call.arguments import split
from mnv3.cli.scored import with_task


@pytest.fixture
def run(tmp_path: Path) -> Path:
    folder = tmp_path / "run"
    (folder / "checkpoints").mkdir(parents=True)
    (folder / "config.yaml").write_text("task: {name: lraspp}\n")
    return folder


def test_the_task_is_that_of_the_run_or_of_the_checkpoints_run(run: Path) -> None:
    for word in (f"run={run}", f"run='{run}'", f"ckpt={run}/checkpoints/best.ckpt"):
        assert with_task(split([word, "eval.flip=true"])).overrides == ["task=lraspp", word, "eval.flip=true"]


def test_a_task_that_is_said_counts_and_unknown_runs_are_left_to_the_verb(run: Path, tmp_path: Path) -> None:
    for words in ([f"run={run}", "task=ssdlite"], [f"run={tmp_path}"], ["ckpt=best.ckpt"], [], ["seed=1"]):
        assert with_task(split(words)).overrides == words
