"""A process of a training of two is killed: the other says which."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]

PROGRAM = """
import os, signal, sys
from pathlib import Path
from lightning.pytorch.callbacks import Callback
from mnv3.cli.launch import failures
from tests.tools.training import tiny_task
from mnv3.tools.machine import stops
from mnv3.tools.training.ranks import watched

class Kill(Callback):
    def on_train_batch_start(self, trainer, pl_module, batch, batch_idx):
        if (trainer.current_epoch, batch_idx, trainer.global_rank) == (1, 2, int(sys.argv[2])):
            os.kill(os.getpid(), signal.SIGKILL)

def train():
    tiny_task.TRAINER["devices"] = 2
    with watched():
        tiny_task.fit(Path(sys.argv[1]), callbacks=(Kill(),))

stops.leave(failures.exit_code(train))
"""


@pytest.mark.parametrize(("killed", "code"), [(1, 1), (0, -9)])
def test_the_others_end_with_a_sentence(tmp_path: Path, killed: int, code: int) -> None:
    """Not with a line of the network's library; what is saved stays."""
    program = tmp_path / "train.py"
    program.write_text(PROGRAM)
    done = subprocess.run(
        [sys.executable, str(program), str(tmp_path / "run"), str(killed)],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == code, done.stderr
    assert (tmp_path / "run" / "checkpoints" / "last.ckpt").exists()
    said = [line for line in done.stderr.splitlines() if line.startswith("mnv3")]
    [sentence] = said
    assert "Error" not in sentence and ".cc" not in sentence
    if killed:
        assert "Process 1 of" in sentence and "SIGKILL" in sentence
