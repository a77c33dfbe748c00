"""Calls made where something is missing: a folder to be in, somewhere to print, files that may be opened."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]


def shell(before: str, verb: str, after: str, cwd: Path) -> subprocess.CompletedProcess:
    command = f"{before} exec {sys.executable} -c 'from mnv3.cli.main import main; main()' {verb} {after}"
    environment = {"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"}
    return subprocess.run(["bash", "-c", command], cwd=cwd, env=environment, capture_output=True, text=True)


@pytest.mark.parametrize(
    ("before", "verb", "after", "code", "said"),
    [
        ("", "help", ">/dev/full", 1, "standard output"),
        ("", "completion bash", ">/dev/full", 1, "standard output"),
        ("", "help", ">&-", 2, "Standard output is closed"),
        ("", "help", "2>&-", 0, ""),
        ("", "nonsense", ">&- 2>&-", 2, ""),
        ("", "help", "| true; exit ${PIPESTATUS[0]}", 0, ""),
        ("rmdir $PWD;", "help", "", 2, "removed"),
        ("ulimit -n 24;", "train", "", 2, "ulimit -n"),
        ("ulimit -S -n 24;", "train --help", "", 0, ""),
    ],
)
def test_a_sentence_and_the_exit_code(tmp_path: Path, before: str, verb: str, after: str, code: int, said: str) -> None:
    (tmp_path / "here").mkdir()
    done = shell(before, verb, after, tmp_path / "here")
    assert done.returncode == code, done.stderr
    assert said in done.stderr and "Error" not in done.stderr and len(done.stderr.splitlines()) <= 1
