"""mnv3 train trainer=slurm: what Slurm is asked for, and jobs that run, are stopped and go on; Slurm is a stand-in."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from omegaconf import DictConfig

from mnv3.tools.runs.folder import RunFolder, read_metrics
from tests.cli.launch import fake_slurm

REPOSITORY = Path(__file__).parents[3]
TINY = (
    "dataset.train=8",
    "dataset.val=2",
    "dataset.height=64",
    "dataset.width=96",
    "data.workers=0",
    "recipe.batch_size=4",
    "trainer.accelerator=cpu",
)
SMALL = ("task.input_size=[64,96]", "backbone.width=0.35")


@pytest.fixture
def slurm(tmp_path: Path) -> dict[str, str]:
    """The environment of a user of a cluster."""
    (tmp_path / "slurm").mkdir()
    mine = {
        "PYTHONPATH": str(REPOSITORY),
        "MNV3_DATA": str(tmp_path / "data"),
        "WANDB_MODE": "disabled",
        "OMP_NUM_THREADS": "1",
    }
    return {**os.environ, **mine, **fake_slurm.install(tmp_path / "slurm")}


def start(home: Path, environment: dict[str, str], *argv: str) -> subprocess.Popen:
    command = [sys.executable, "-m", "mnv3", "train", *argv]
    return subprocess.Popen(
        command, cwd=home, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )


def finish(process: subprocess.Popen) -> str:
    output, _ = process.communicate(timeout=300)
    assert process.returncode == 0, output
    return output


def wait_for(what: Callable[[], object], process: subprocess.Popen) -> None:
    while not what():
        assert process.poll() is None, process.communicate()[0]
        time.sleep(0.05)


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (
            ("trainer=slurm", "trainer.devices=4", "hydra.launcher.partition=big", "hydra.launcher.timeout_min=600"),
            {"ntasks-per-node=4", "gpus-per-node=4", "partition=big", "time=600"},
        ),
        (("hydra/launcher=submitit_slurm", "trainer.accelerator=cpu"), {"ntasks-per-node=1"}),
        (("hydra/launcher=submitit_slurm",), {"ntasks-per-node=1", "gpus-per-node=1", "time=1440"}),
    ],
)
def test_one_job_a_row_with_what_it_needs(
    tmp_path: Path, slurm: dict[str, str], asked: tuple[str, ...], expected: set[str]
) -> None:
    """The batch file for all rows of a table: written, and not run."""
    slurm["FAKE_SLURM_HOLD"] = "1"
    waiting = start(tmp_path, slurm, "-m", "experiment=glob(table6/*)", *asked)
    submitted = tmp_path / "runs" / ".submitit"
    wait_for(lambda: len(list(submitted.glob(f"{fake_slurm.JOB}_*/*_submitted.pkl"))) == 11, waiting)
    waiting.kill()
    waiting.communicate()
    lines = (tmp_path / "slurm" / "batch.sh").read_text().splitlines()
    options = {line.removeprefix("#SBATCH --") for line in lines if line.startswith("#SBATCH")}
    assert options >= {"array=0-10%11", "nodes=1", "cpus-per-task=8", "signal=USR2@120", "open-mode=append", *expected}
    assert any(option.startswith("gpus") for option in options) == ("trainer.accelerator=cpu" not in asked)
    assert lines[-1].startswith("srun ") and "submitit.core._submit" in lines[-1]


def test_a_job_of_two_processes_is_stopped_and_goes_on_in_its_folder(tmp_path: Path, slurm: dict[str, str]) -> None:
    """As Slurm does it: SIGTERM, which only warns and ends no epoch, then USR2, upon which the job is queued again."""
    call = start(tmp_path, slurm, "-m", "trainer=slurm", "trainer.devices=2", *TINY, *SMALL, "recipe.epochs=16")
    runs, pids = tmp_path / "runs" / "ssdlite", tmp_path / "slurm" / f"{fake_slurm.JOB}.pids"

    def epochs() -> int:
        return sum(len(read_metrics(path)) for path in runs.glob("*/metrics.csv"))

    for sent, after in ((signal.SIGTERM, 2), (signal.SIGUSR2, 5)):
        wait_for(lambda after=after: epochs() >= after, call)
        for pid in pids.read_text().split():
            os.kill(int(pid), sent)
    finish(call)
    [folder] = runs.iterdir()
    log = (folder / "log.txt").read_text()
    assert "Bypassing signal SIGTERM" in log and "Caught signal SIGUSR2" in log
    assert log.count("resuming from") == 1 and log.count("epoch 1/16") == 1 and log.count("Run folder: ") == 1
    assert [row["epoch"] for row in read_metrics(folder / "metrics.csv")] == [str(epoch) for epoch in range(1, 17)]
    assert sorted(path.name for path in folder.glob("log*")) == ["log-process1.txt", "log.txt"]
    assert (folder / "command.txt").read_text().startswith("mnv3 train trainer=slurm trainer.devices=2 ")


def test_two_rows_as_jobs_of_this_machine(tmp_path: Path, slurm: dict[str, str]) -> None:
    """Rows of both tasks by submitit's own executor for one machine: two run folders, trained and scored."""
    rows = "experiment=table6/v3_small_rf2,table7/v3_small_rf2_lraspp"
    recipe = ("dataset=streets", "recipe=quick", "recipe.epochs=1", "recipe.warmup_steps=1")
    finish(start(tmp_path, slurm, "-m", rows, "hydra/launcher=submitit_local", *recipe, *TINY))
    scored = sorted(path.relative_to(tmp_path / "runs") for path in (tmp_path / "runs").glob("*/*/metrics.json"))
    assert [path.parts[0] for path in scored] == ["lraspp", "ssdlite"]


@pytest.mark.parametrize(("restarts", "resumes"), [(None, False), ("0", False), ("1", True)])
def test_a_batch_file_of_ones_own(
    call: Callable[..., int], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, restarts: str | None, resumes: bool
) -> None:
    """A fixed folder that has a checkpoint already is gone on with if Slurm has restarted the job, and only then."""
    if restarts is not None:
        monkeypatch.setenv("SLURM_RESTART_COUNT", restarts)
    configs: list[DictConfig] = []
    monkeypatch.setattr("mnv3.tools.training.run.fit_and_score", lambda task, cfg, *_: configs.append(cfg))
    RunFolder(tmp_path / "mine").describe({}, [], ["mnv3", "train"], {})
    (tmp_path / "mine" / "checkpoints").mkdir(parents=True)
    (tmp_path / "mine" / "checkpoints" / "last.ckpt").touch()
    assert call("train", "hydra.run.dir=mine") == 0
    assert [cfg.resume for cfg in configs] == [str(tmp_path / "mine") if resumes else None]


def test_calls_that_cannot_go_to_a_cluster(
    call: Callable[..., int], capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """All that is wrong is said at once."""
    monkeypatch.setenv("PATH", str(tmp_path))
    assert call("train", "trainer=slurm", "dry=true") == 2
    said = capsys.readouterr().err
    for sentence in ("srun", "add -m", "leave trainer=slurm out"):
        assert sentence in said
    monkeypatch.setattr("mnv3.cli.launch.cluster.find_spec", lambda name: None)
    assert call("train", "trainer=slurm", "-m") == 2
    assert "pip install 'mnv3[slurm]'" in capsys.readouterr().err


def test_what_is_only_shown_needs_no_cluster(call: Callable[..., int], capsys: pytest.CaptureFixture) -> None:
    assert call("train", "trainer=slurm", "--cfg", "hydra", "-p", "hydra.launcher") == 0
    assert "tasks_per_node: ${count:${trainer.devices}}" in capsys.readouterr().out
