"""Shared memory through which loader processes pass their batches, and the error if it runs out."""

import errno
import multiprocessing.queues
import os
import shutil
import sys
from typing import Any

MEMORY = "/dev/shm"

NO_ROOM = 74
"""Exit code of a loader process that cannot pass its batch (EX_IOERR)."""


def problem() -> str:
    """Return the error message."""
    left = f" ({MEMORY} has {shutil.disk_usage(MEMORY).free / 1e6:.0f} MB left)" if os.path.isdir(MEMORY) else ""
    return (
        f"Shared memory, through which loader processes pass their batches, is full{left}: set data.workers=0, or "
        "enlarge it (docker run --shm-size=8g)."
    )


def end_without_room(worker: int) -> None:
    """Make loader process `worker` exit with NO_ROOM if a batch cannot be passed; called as it starts.
    Python's queue would print the error, lose the batch, and let the main process wait for it forever."""

    def end(error: Exception, batch: Any) -> None:
        room = "shared memory" in str(error) or getattr(error, "errno", None) == errno.ENOSPC
        if not room:
            print(f"mnv3: a loader process cannot pass its batch: {error}", file=sys.stderr, flush=True)
        os._exit(NO_ROOM if room else 1)

    multiprocessing.queues.Queue._on_queue_feeder_error = staticmethod(end)  # type: ignore[attr-defined]
