"""Cluster jobs: started on other machines, as several processes, and restarted after a stop."""

import os
import shutil
import sys
import time
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path

from omegaconf import DictConfig

from mnv3.cli.call.arguments import Arguments
from mnv3.tools.errors import UserError
from mnv3.tools.files.write import write_text

SECONDS = 300
"""How long the other processes of a job wait for the first one."""

_job: str | None = None


def with_launcher(given: Arguments) -> Arguments:
    """Replace the plugin's launcher by mnv3's settings for it: submitit_slurm by hydra/launcher=slurm."""
    launchers = {"hydra/launcher=submitit_slurm": "hydra/launcher=slurm"}
    return given._replace(overrides=[launchers.get(text, text) for text in given.overrides])


def check(given: Arguments, jobs: Sequence[DictConfig]) -> None:
    """Raise UserError for a call that cannot be submitted to the cluster; `jobs`: its configurations."""
    typed = {key: value for key, _, value in (text.partition("=") for text in given.overrides)}
    launcher = typed.get("hydra/launcher") or typed.get("trainer")
    if launcher not in ("slurm", "submitit_local") or given.shows or rank() or "resume" in typed:
        return
    problems = []
    if find_spec("hydra_plugins") is None or find_spec("hydra_plugins.hydra_submitit_launcher") is None:
        problems.append("Cluster jobs need hydra-submitit-launcher, which is not installed: pip install 'mnv3[slurm]'")
    elif launcher == "slurm" and shutil.which("srun") is None:
        problems.append("srun is not installed here: use trainer=slurm on a machine of the cluster that submits jobs.")
    if not given.multirun:
        problems.append("Only multiruns, even of a single run, can be submitted: add -m.")
    if all(job.get("dry", False) for job in jobs):
        problems.append("dry=true runs on this machine only: leave trainer=slurm out.")
    if problems:
        raise UserError(*problems)


def enter(submission: str) -> None:
    """Set up a process in which a launcher starts a job; `submission` identifies the call."""
    global _job
    _job = submission
    # Lightning would start further processes by the name of the launcher's module, not by sys.argv.
    sys.modules["__main__"].__spec__ = None
    _forget_results()


def _forget_results() -> None:
    """Remove results of an earlier, stopped start of this job, on which submitit would fail."""
    import submitit

    result: Path = submitit.JobEnvironment().paths.result_pickle
    for file in (result, result.with_suffix(f"{result.suffix}.save_tmp")):
        file.unlink(missing_ok=True)


def rank() -> int:
    """Return the rank of this process in its job, started by Lightning, torchrun or Slurm."""
    return int(os.environ.get("LOCAL_RANK") or os.environ.get("SLURM_PROCID") or 0)


def first() -> bool:
    """Whether this is the first process of its job across all machines."""
    numbers = ("RANK", "LOCAL_RANK", "GROUP_RANK", "NODE_RANK", "SLURM_PROCID")
    return not any(int(os.environ.get(name) or 0) for name in numbers)


def restarted() -> bool:
    """Whether this job was stopped and restarted, so that a checkpoint in its folder is its own."""
    return _job is not None or int(os.environ.get("SLURM_RESTART_COUNT") or 0) > 0


def agreed(name: Callable[[], str]) -> str:
    """Return the first result of `name` in the job's first process, in all processes and after restarts."""
    if _job is None:
        return name()
    import submitit

    environment = submitit.JobEnvironment()
    note: Path = environment.paths.folder / f"run_folder-{_job}.txt"  # job ids are reused
    if not note.exists() and environment.global_rank == 0:
        write_text(note, name())
    for _ in range(10 * SECONDS):
        if note.exists():
            return note.read_text()
        time.sleep(0.1)
    raise RuntimeError(f"The first process of this job did not start within {SECONDS} seconds ({note}).")
