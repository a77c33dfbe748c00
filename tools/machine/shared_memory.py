"""The memory through which loader processes give their batches, and what is said when there is too little of it."""

import errno
import multiprocessing.queues
import os
import shutil
import sys
from typing import Any

MEMORY = "/dev/shm"

NO_ROOM = 74
"""Exit code of a loader process that cannot give its batch (EX_IOERR)."""


def problem() -> str:
    """A sentence on it."""
    left = f" ({MEMORY} has {shutil.disk_usage(MEMORY).free / 1e6:.0f} MB left)" if os.path.isdir(MEMORY) else ""
    return (
        f"Shared memory, through which loader processes give their batches, is used up{left}: give data.workers=0, or "
        "make it larger (docker run --shm-size=8g)."
    )


def end_without_room(worker: int) -> None:
    """Called at the beginning of loader process `worker`: when a batch cannot be given, the process ends with NO_ROOM.

    Python's queue would print the error, lose the batch, and let the first process wait for it for ever.
    """

    def end(error: Exception, batch: Any) -> None:
        room = "shared memory" in str(error) or getattr(error, "errno", None) == errno.ENOSPC
        if not room:
            print(f"mnv3: a loader process cannot give its batch: {error}", file=sys.stderr, flush=True)
        os._exit(NO_ROOM if room else 1)

    multiprocessing.queues.Queue._on_queue_feeder_error = staticmethod(end)  # type: ignore[attr-defined]
