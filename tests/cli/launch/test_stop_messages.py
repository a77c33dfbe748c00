"""A training that is stopped says how far it came and how it goes on, on the screen and in its log."""

import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from mnv3.cli.launch import stop_messages
from mnv3.tools.files import locks
from mnv3.tools.runs.folder import RunFolder
from mnv3.tools.weights.checkpoint import read_checkpoint, write_checkpoint
from tests.cli.recorder import Recorder

ROOT = Path(__file__).resolve().parents[3]

# The console script with a training of milliseconds, that takes its time after each epoch.
PROGRAM = """
import sys, time
from types import SimpleNamespace

def run(cfg):
    from hydra.core.hydra_config import HydraConfig
    from lightning.pytorch.callbacks import Callback
    from tests.tools.training.tiny_task import fit
    from mnv3.tools.training.progress import quiet_lightning
    from mnv3.tools.runs.folder import RunFolder

    quiet_lightning()

    class Slow(Callback):
        def on_train_epoch_start(self, trainer, pl_module):
            time.sleep(0.3)

    folder = RunFolder(HydraConfig.get().runtime.output_dir)
    folder.path.joinpath("overrides.txt").write_text("")
    fit(folder.path, epochs=200, callbacks=(Slow(),))

sys.modules["mnv3.cli.train"] = SimpleNamespace(run=run)
from mnv3.cli.main import main
main()
"""


@pytest.mark.parametrize(("sent", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_from_the_console(tmp_path: Path, sent: signal.Signals, code: int) -> None:
    (tmp_path / "mnv3").write_text(PROGRAM)
    process = subprocess.Popen(
        [sys.executable, str(tmp_path / "mnv3"), "train", "name=x"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    folder = RunFolder(tmp_path / "runs" / "ssdlite" / "x")
    while not folder.last.exists():
        assert process.poll() is None, process.communicate()
        time.sleep(0.02)
    process.send_signal(sent)
    said, wrong = process.communicate(timeout=60)
    assert process.returncode == code and wrong == ""
    epoch = read_checkpoint(folder.last)["epoch"] + 1
    line = f"Stopped after epoch {epoch}. Resume with: mnv3 train resume=runs/ssdlite/x"
    assert said.splitlines()[-1] == line and line in (folder.path / "log.txt").read_text()


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is logged."""
    found: list[str] = []
    monkeypatch.setattr(stop_messages.log, "warning", lambda text, *values: found.append(text % values))
    return found


def test_each_state_has_its_command(tmp_path: Path, lines: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    folder = RunFolder(tmp_path / "my run, a=b")
    folder.path.mkdir()
    stop_messages.report(folder, ["train", "name=my run, a=b"])
    (folder.path / "overrides.txt").write_text("")
    stop_messages.report(folder, ["train", "name=my run, a=b"])
    write_checkpoint({"epoch": 6}, folder.last)
    stop_messages.report(folder, ["train", "name=my run, a=b"])
    stop_messages.report(folder, ["train", "resume=elsewhere", "data.workers=0"])
    calls = [shlex.split(line.partition(" with: ")[2]) for line in lines]
    resume = ["mnv3", "train", "resume='my run, a=b'"]
    assert calls[:3] == [["mnv3", "train", "name=my run, a=b"], resume, resume]
    assert calls[3] == ["mnv3", "train", "resume=elsewhere", "data.workers=0"]
    assert ["before anything" in lines[0], "first epoch" in lines[1], "after epoch 7" in lines[2]] == [True] * 3


def test_a_run_that_never_began_leaves_no_folder(
    call: Callable[..., int], recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(recorder, "run", interrupt)
    monkeypatch.setitem(sys.modules, "mnv3.cli.train", recorder)  # type: ignore[arg-type]
    assert call("train", "name=x") == 130
    assert os.listdir("runs/ssdlite") == []


def test_a_run_that_another_process_writes_is_not_resumed(
    call: Callable[..., int], recorder: Recorder, capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Refused before a line is written into its log."""
    assert call("train", "name=x") == 0
    folder = recorder.folders[0]
    (folder / "overrides.txt").write_text("name=x\n")
    (folder / "config.yaml").write_text("")
    code = "import sys, time; from pathlib import Path; from mnv3.tools.files import locks\n"
    code += "locks.hold(Path(sys.argv[1]), 'this run'); print(flush=True); time.sleep(60)"
    command = [sys.executable, "-c", code, str(folder)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as other:
        assert other.stdout and other.stdout.readline()
        assert call("train", f"resume={folder}") == 2
        assert f"process {other.pid} on" in capsys.readouterr().err and len(recorder.configs) == 1
        for name in ("NODE_RANK", "RANK", "SLURM_PROCID"):  # the same job's, on this machine or another
            with monkeypatch.context() as job:
                job.setenv(name, "1")
                assert call("train", f"resume={folder}") == 0
        other.kill()
    assert call("train", f"resume={folder}") == 0
    locks._release()
