"""Several processes: what Lightning needs to start the others from our command line, and what has to go afterwards."""

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
    """Make `sys.argv` a call of `program` that repeats this one job.

    Lightning starts further processes by running `sys.argv` again. Hydra's call has lost the verb by now, and in a
    multirun it would start another multirun: so it gets the verb and this job's own overrides; Lightning itself adds
    hydra.run.dir, which becomes this job's folder.
    """
    hydra: Any = HydraConfig.get()
    sys.argv = [program, verb, *hydra.overrides.task, *flags]
    with read_write(hydra), open_dict(hydra):
        hydra.run.dir = hydra.runtime.output_dir
    if cluster.rank():  # the first process speaks for all
        for handler in logging.getLogger().handlers:
            if type(handler) is logging.StreamHandler:
                handler.setLevel(logging.WARNING)


def forget_processes(before: dict[str, str]) -> None:
    """End the process group and restore the environment `before`: a multirun's next job must not join this one's."""
    if "torch" in sys.modules:
        from torch import distributed

        if distributed.is_available() and distributed.is_initialized() and stops.can_put_group_away():
            distributed.destroy_process_group()
    for name in SET_BY_LIGHTNING:
        os.environ.pop(name, None)
        if name in before:
            os.environ[name] = before[name]
