"""Tab completion: the candidates, and the bash script in a real bash."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from mnv3.cli import completion
from mnv3.cli.call.verbs import VERBS

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("mnv3 ", list(VERBS)),
        ("mnv3 tr", ["train"]),
        ("mnv3 train backb", ["backbone=", "backbone."]),
        (
            "mnv3 train backbone=",
            ["backbone=large", "backbone=mnasnet", "backbone=small", "backbone=v1", "backbone=v2"],
        ),
        ("mnv3 train backbone=small,l", ["backbone=small,large"]),
        ("mnv3 train backbone.rf", ["backbone.rf2="]),
        ("mnv3 train backbone.rf2=", ["backbone.rf2=true", "backbone.rf2=false"]),
        ("mnv3 train task.preset=t", ["task.preset=torchvision"]),
        ("mnv3 train dataset=coco_json dataset.train_", ["dataset.train_json=", "dataset.train_images="]),
        ("mnv3 train dataset=nonsense dataset.s", ["dataset.seed="]),
        ("mnv3 train init=", ["<file>"]),
        ("mnv3 train --m", ["--multirun"]),
        ("mnv3 data ch", ["check"]),
        ("mnv3 help ev", ["eval"]),
        ("mnv3 nonsense x", []),
        ("mnv3 predict photos/a", ["<file>"]),
        ("mnv3 predict predict.th", ["predict.threshold="]),
        ("mnv3 predict model=", ["<file>"]),
    ],
)
def test_candidates(line: str, expected: list[str]) -> None:
    assert completion.candidates(line) == expected


@pytest.mark.skipif(shutil.which("bash") is None, reason="no bash here")
def test_the_bash_script_completes_the_word_under_the_cursor(tmp_path: Path) -> None:
    """bash breaks words at "=", so that only what follows may be handed back."""
    program = tmp_path / "mnv3"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m mnv3 "$@"\n')
    program.chmod(0o755)
    (tmp_path / "run1").mkdir()
    script = """
    eval "$(mnv3 completion bash)"
    compopt() { :; }
    for line in "mnv3 tr" "mnv3 train backbone=l" "mnv3 train resume=$PLACE/ru"; do
        COMP_LINE=$line COMP_POINT=${#line} COMPREPLY=()
        _mnv3
        echo "${COMPREPLY[*]}"
    done
    """
    environment = {
        **os.environ,
        "PATH": f"{tmp_path}:{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "PLACE": str(tmp_path),
    }
    done = subprocess.run(["bash", "-c", script], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["train", "large", f"{tmp_path}/run1"]
