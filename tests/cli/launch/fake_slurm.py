"""Slurm's commands as far as submitit and Lightning need them, on this machine: jobs that run at once and can be queued
again. Installed as sbatch, srun, scontrol and sacct in front of PATH; FAKE_SLURM is the folder of what happens.

FAKE_SLURM/<job>.pids has the processes of a job's present start. With FAKE_SLURM_HOLD jobs stay in the queue.
"""

import os
import re
import socket
import stat
import subprocess
import sys
import time
from pathlib import Path

JOB = "4242"


def install(folder: Path) -> dict[str, str]:
    """Put the commands into `folder`; returns the environment that has them."""
    for name in ("sbatch", "srun", "scontrol", "sacct"):
        script = folder / name
        script.write_text(f"#!{sys.executable}\nimport runpy\nrunpy.run_path({str(__file__)!r}, run_name={name!r})\n")
        script.chmod(script.stat().st_mode | stat.S_IXUSR)
    with socket.socket() as free:  # else the number of the job says where processes meet, and all jobs have the same
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    return {"PATH": f"{folder}{os.pathsep}{os.environ['PATH']}", "FAKE_SLURM": str(folder), "MASTER_PORT": port}


def sbatch(folder: Path, file: str) -> None:
    """Keep the file, and start its jobs."""
    text = Path(file).read_text()
    (folder / "batch.sh").write_text(text)
    print(f"Submitted batch job {JOB}")
    sys.stdout.flush()
    if os.environ.get("FAKE_SLURM_HOLD"):
        return
    last = re.search(r"--array=0-(\d+)", text)
    for index in range(int(last[1]) + 1) if last else [None]:
        command = [folder / "sbatch", "--job", "" if index is None else str(index)]
        with open(folder / "jobs.txt", "a") as log:  # not into sbatch's own pipe, whose end is waited for
            subprocess.Popen(command, start_new_session=True, stdout=log, stderr=log)


def job(folder: Path, index: str) -> None:
    """One job of the array, as often as it is queued again."""
    text = (folder / "batch.sh").read_text()
    tasks = re.search(r"--ntasks-per-node=(\d+)", text)
    number = tasks[1] if tasks else "1"
    name = f"{JOB}_{index}" if index else JOB
    array = {"SLURM_ARRAY_JOB_ID": JOB, "SLURM_ARRAY_TASK_ID": index} if index else {}
    environment = {
        "SLURM_JOB_ID": str(int(JOB) + int(index or 0)),
        "SLURM_JOB_NAME": "mnv3",
        "SLURM_NTASKS": number,
        "SLURM_NTASKS_PER_NODE": number,
        "SLURM_NNODES": "1",
        "SLURM_JOB_NUM_NODES": "1",
        "SLURM_NODEID": "0",
        "SLURM_NODELIST": "127.0.0.1",
        "FAKE_SLURM_JOB": name,
        **array,
    }
    for start in range(5):
        again = {"SLURM_RESTART_COUNT": str(start)} if start else {}
        subprocess.run(["bash", str(folder / "batch.sh")], env={**os.environ, **environment, **again})
        if not (folder / f"{name}.requeue").exists():
            break
        (folder / f"{name}.requeue").unlink()


def srun(folder: Path, argv: list[str]) -> None:
    """The processes of a job; all end when it is queued again."""
    place = argv.index("--output") + 1
    command = argv[place + 1 :]
    name = os.environ["FAKE_SLURM_JOB"]
    job, _, index = name.partition("_")
    processes = []
    for rank in range(int(os.environ["SLURM_NTASKS"])):
        output = argv[place]
        for mark, value in {"%A": job, "%a": index, "%j": name, "%t": str(rank)}.items():
            output = output.replace(mark, value)
        Path(output).parent.mkdir(parents=True, exist_ok=True)
        environment = {**os.environ, "SLURM_PROCID": str(rank), "SLURM_LOCALID": str(rank)}
        with open(output, "a") as file:
            processes.append(subprocess.Popen(command, env=environment, stdout=file, stderr=subprocess.STDOUT))
    (folder / f"{name}.pids").write_text(" ".join(str(process.pid) for process in processes))
    while any(process.poll() is None for process in processes):
        if (folder / f"{name}.requeue").exists():
            for process in processes:
                process.kill()
        time.sleep(0.05)


def scontrol(folder: Path, verb: str, name: str) -> None:
    """Queue a job again."""
    assert verb == "requeue"
    (folder / f"{name}.requeue").touch()


def sacct(folder: Path, *_: str) -> None:
    """Every job runs."""
    print("JobID|State|NodeList")


if __name__ != "tests.cli.launch.fake_slurm":
    here = Path(os.environ["FAKE_SLURM"])
    words = sys.argv[1:]
    if words[:1] == ["--job"]:
        job(here, words[1])
    elif __name__ == "srun":
        srun(here, words)
    else:
        {"sbatch": sbatch, "scontrol": scontrol, "sacct": sacct}[__name__](here, *words)
