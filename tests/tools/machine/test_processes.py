"""Processes that score together: one of them is killed, or fails."""

import multiprocessing
import os
import signal
import time
from typing import Any

import pytest
import torch

from mnv3.tools.errors import Failure
from mnv3.tools.machine.processes import Place, run_processes


def end_rank_1(how: str, place: Place) -> Any:
    """The first one would wait for the second."""
    if place.rank == 1:
        if how == "raise":
            raise RuntimeError("no such thing")
        time.sleep(0.2)
        os.kill(os.getpid(), signal.SIGKILL)
    torch.distributed.barrier()


@pytest.mark.parametrize(("how", "said"), [("kill", "Process 1 of 2.*SIGKILL"), ("raise", "no such thing")])
def test_the_failure_says_what_happened_to_which(how: str, said: str) -> None:
    with pytest.raises(Failure, match=said) as failed:
        run_processes(end_rank_1, how, "cpu", 2, share_cores=True)
    assert "\n" not in str(failed.value) and "Error" not in str(failed.value)


def test_other_processes_of_this_one_go_on() -> None:
    """Those of a loader were killed too."""
    other = multiprocessing.get_context("spawn").Process(target=time.sleep, args=(60,))
    other.start()
    try:
        with pytest.raises(Failure):
            run_processes(end_rank_1, "raise", "cpu", 2, share_cores=True)
        other.join(0.5)
        assert other.is_alive()
    finally:
        other.kill()
        other.join()
