"""A run as a job of a cluster: started somewhere else, as several processes, and again after it was stopped."""

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
"""That the other processes of a job wait for the first one."""

_job: str | None = None


def with_launcher(given: Arguments) -> Arguments:
    """The call with our values for the plugin's launcher: hydra/launcher=slurm for submitit_slurm."""
    ours = {"hydra/launcher=submitit_slurm": "hydra/launcher=slurm"}
    return given._replace(overrides=[ours.get(text, text) for text in given.overrides])


def check(given: Arguments, jobs: Sequence[DictConfig]) -> None:
    """Raises UserError for a call that should go to the cluster and cannot, `jobs` being its configurations."""
    typed = {key: value for key, _, value in (text.partition("=") for text in given.overrides)}
    launcher = typed.get("hydra/launcher") or typed.get("trainer")
    if launcher not in ("slurm", "submitit_local") or given.shows or rank() or "resume" in typed:
        return
    problems = []
    if find_spec("hydra_plugins") is None or find_spec("hydra_plugins.hydra_submitit_launcher") is None:
        problems.append("Jobs of a cluster need hydra-submitit-launcher, which is not here: pip install 'mnv3[slurm]'")
    elif launcher == "slurm" and shutil.which("srun") is None:
        problems.append("There is no srun here: give trainer=slurm on a machine of the cluster that submits jobs.")
    if not given.multirun:
        problems.append("Jobs are those of a multirun, of one run or many: add -m.")
    if all(job.get("dry", False) for job in jobs):
        problems.append("dry=true is a rehearsal on this machine: leave trainer=slurm out.")
    if problems:
        raise UserError(*problems)


def enter(submission: str) -> None:
    """Called where a job begins that a launcher has carried to this process; `submission` is its call's own word."""
    global _job
    _job = submission
    # Lightning would start further processes by the name of the launcher's module, not by sys.argv.
    sys.modules["__main__"].__spec__ = None
    _forget_results()


def _forget_results() -> None:
    """A process that fails because others of its job were stopped before it leaves a result, or half of one, at which
    submitit would stumble when the job has been queued again."""
    import submitit

    result: Path = submitit.JobEnvironment().paths.result_pickle
    for file in (result, result.with_suffix(f"{result.suffix}.save_tmp")):
        file.unlink(missing_ok=True)


def rank() -> int:
    """Number of this process in its job, whoever has started it: Lightning, torchrun or Slurm."""
    return int(os.environ.get("LOCAL_RANK") or os.environ.get("SLURM_PROCID") or 0)


def first() -> bool:
    """Whether this is the first process of its job, over all machines."""
    numbers = ("RANK", "LOCAL_RANK", "GROUP_RANK", "NODE_RANK", "SLURM_PROCID")
    return not any(int(os.environ.get(name) or 0) for name in numbers)


def restarted() -> bool:
    """Whether a checkpoint in the job's folder is of this very job, which was stopped and begins again."""
    return _job is not None or int(os.environ.get("SLURM_RESTART_COUNT") or 0) > 0


def agreed(name: Callable[[], str]) -> str:
    """What `name` returns in the first process of a job at its first start; in all of them, at every start."""
    if _job is None:
        return name()
    import submitit

    environment = submitit.JobEnvironment()
    note: Path = environment.paths.folder / f"run_folder-{_job}.txt"  # numbers of jobs come again
    if not note.exists() and environment.global_rank == 0:
        write_text(note, name())
    for _ in range(10 * SECONDS):
        if note.exists():
            return note.read_text()
        time.sleep(0.1)
    raise RuntimeError(f"The first process of this job has not begun within {SECONDS} seconds ({note}).")
