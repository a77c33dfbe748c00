"""Runs work, such as evaluation, in one or several processes on the requested devices."""

import json
import multiprocessing
import pickle
import re
import signal
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch.multiprocessing.spawn import ProcessExitedException, ProcessRaisedException, start_processes

from mnv3.tools.errors import Failure, UserError
from mnv3.tools.files.temporaries import scratch_folder
from mnv3.tools.files.write import write_bytes, write_json

EXCEPTION = re.compile(r"^[\w.]+: ")
"""Start of the last line of a traceback."""


class Place(NamedTuple):
    """Where a process works: number `rank` of `world`, and its device."""

    rank: int
    world: int
    device: torch.device


def choose_devices(accelerator: str, devices: int | str) -> tuple[str, int]:
    """Return device type and number of processes for the keys of section `eval`. Raises UserError if unavailable."""
    cuda = torch.cuda.device_count()
    kind = {"gpu": "cuda" if cuda or not torch.backends.mps.is_available() else "mps"}.get(accelerator, accelerator)
    if kind == "auto":
        kind = "cuda" if cuda else "mps" if torch.backends.mps.is_available() else "cpu"
    available = {"cuda": cuda, "mps": int(torch.backends.mps.is_available())}.get(kind)
    if available == 0:
        raise UserError(f"eval.accelerator={accelerator}: there is no such device here; eval.accelerator=cpu works.")
    if devices == "auto":
        return kind, available or 1
    if not str(devices).isdigit():
        raise UserError(f"eval.devices={devices}: give a number of processes, or auto.")
    if available is not None and int(devices) > available:
        raise UserError(f"eval.devices={devices}: there are {available} devices here.")
    return kind, int(devices)


def run_processes(work: Callable[[Any, Place], Any], job: Any, kind: str, world: int, *, share_cores: bool) -> Any:
    """Call `work(job, place)` in each of `world` processes, process i on the i-th device of `kind`, and return the
    first one's result. With world=1 this process does it; otherwise the processes form a process group.

    `job` is pickled, `work` is a function of a module. `share_cores`: each process has its part of this one's threads;
    else as many as this one, because convolutions may differ in the last bit with their number. Raises UserError with
    the mistakes of all processes, Failure if one was killed or failed otherwise.
    """
    if world == 1:
        return work(job, _place(kind, 0, 1))
    threads = max(1, torch.get_num_threads() // world) if share_cores else torch.get_num_threads()
    packed = pickle.dumps((work, job))  # as plain bytes: torch would share each tensor through a file descriptor
    with scratch_folder("eval") as folder:
        # One import for all processes, so that they start quickly. With CUDA each must start from scratch.
        multiprocessing.set_forkserver_preload([work.__module__])
        method = "spawn" if kind == "cuda" else "forkserver"
        given = packed, kind, world, threads, folder
        context = start_processes(_process, given, nprocs=world, join=False, start_method=method)
        assert context is not None
        try:
            while not context.join():
                pass
        except (ProcessRaisedException, ProcessExitedException) as error:
            files = sorted(folder.glob("problems-*.json"))
            problems = [line for path in files for line in json.loads(path.read_text())]
            if problems:
                raise UserError(*dict.fromkeys(problems)) from None
            raise Failure(_sentence(error, context.processes)) from error
        finally:
            for process in filter(None, context.processes):  # only these: this process has others, such as loaders
                process.kill()
        return pickle.loads((folder / "result").read_bytes())


def gathered(own: Any) -> list[Any]:
    """Return `own` of every process, by rank; every process must call this. Without a group, just this one's."""
    if not (torch.distributed.is_available() and torch.distributed.is_initialized()):
        return [own]
    portions = [own] * torch.distributed.get_world_size()
    torch.distributed.all_gather_object(portions, own)
    return portions


def _sentence(error: Exception, processes: Sequence[Any]) -> str:
    """Describe which process failed. Killed ones come before those that failed because they were missing."""
    others = (0, None, -signal.SIGTERM)  # this process ends the remaining ones with SIGTERM
    for rank, process in enumerate(processes):
        if process.exitcode not in others and process.exitcode < 0:
            return (
                f"Process {rank} of {len(processes)}, counted from 0 (number {process.pid}), was killed by "
                f"{signal.Signals(-process.exitcode).name}, as the system does when memory runs out. Fewer "
                "eval.devices or a smaller eval.batch_size need less."
            )
    last = str(error).strip().splitlines()[-1]
    return f"One of {len(processes)} processes failed: {re.sub(EXCEPTION, '', last)}"


def _process(rank: int, packed: bytes, kind: str, world: int, threads: int, folder: Path) -> None:
    """Do the share of process `rank`; the first one writes the result."""
    work, job = pickle.loads(packed)
    torch.set_num_threads(threads)
    torch.distributed.init_process_group(
        "gloo", init_method=f"file://{folder / 'meeting'}", rank=rank, world_size=world
    )
    try:
        result = work(job, _place(kind, rank, world))
    except UserError as error:
        write_json(folder / f"problems-{rank}.json", list(error.problems))
        raise
    if rank == 0:
        write_bytes(folder / "result", pickle.dumps(result))
    torch.distributed.destroy_process_group()


def _place(kind: str, rank: int, world: int) -> Place:
    return Place(rank, world, torch.device(kind, rank) if kind == "cuda" else torch.device(kind))
