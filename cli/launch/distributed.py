"""Several processes: let Lightning start the others from the command line, and clean up after the job."""

import logging
import os
import sys
from collections.abc import Sequence
from typing import Any

from hydra.core.hydra_config import HydraConfig
from omegaconf import open_dict, read_write

from mnv3.cli.launch import cluster
from mnv3.tools.machine import stops

SET_BY_LIGHTNING = ("LOCAL_RANK", "NODE_RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT")


def tell_children(program: str, verb: str, flags: Sequence[str]) -> None:
    """Set `sys.argv` to a call of `program` that repeats only this job.

    Lightning starts further processes by running `sys.argv` again, but Hydra's version lacks the verb and would repeat
    a whole multirun. Lightning adds hydra.run.dir, which is set to this job's folder.
    """
    hydra: Any = HydraConfig.get()
    sys.argv = [program, verb, *hydra.overrides.task, *flags]
    with read_write(hydra), open_dict(hydra):
        hydra.run.dir = hydra.runtime.output_dir
    if cluster.rank():  # only the first process logs
        for handler in logging.getLogger().handlers:
            if type(handler) is logging.StreamHandler:
                handler.setLevel(logging.WARNING)


def forget_processes(before: dict[str, str]) -> None:
    """End the process group and restore the environment `before`, so that a multirun's next job cannot join it."""
    if "torch" in sys.modules:
        from torch import distributed

        if distributed.is_available() and distributed.is_initialized() and stops.can_put_group_away():
            distributed.destroy_process_group()
    for name in SET_BY_LIGHTNING:
        os.environ.pop(name, None)
        if name in before:
            os.environ[name] = before[name]
