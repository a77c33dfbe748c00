"""Loader processes that cannot give their batches, as with a tiny /dev/shm: told, not waited for."""

import errno
import os

import pytest
import torch
from torch.utils.data import Dataset

from mnv3.tools.data.loader import Loader
from mnv3.tools.errors import UserError


class Batch:
    """What a queue of this process cannot send."""

    problems, has_gaps = (), False

    def __init__(self, error: Exception) -> None:
        self.error = error

    def __reduce__(self) -> tuple:
        raise self.error


class Batches(Dataset):
    """Made in a loader process."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def __len__(self) -> int:
        return 4

    def __getitem__(self, index: int) -> Batch:
        return Batch(self.error)


def loader(error: Exception) -> Loader:
    return Loader(Batches(error), batch_size=None, num_workers=2, training=True, fate="", on_error="raise", log=print)


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError("unable to allocate shared memory(shm) for file </torch_1_2_3>: No space left on device (28)"),
        OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)),
    ],
)
def test_no_room_is_a_mistake_with_its_remedy(error: Exception) -> None:
    with pytest.raises(UserError, match=r"data\.workers=0"):
        next(iter(loader(error)))


def test_another_reason_is_no_endless_wait_either(capfd: pytest.CaptureFixture) -> None:
    with pytest.raises(RuntimeError, match="exited unexpectedly"):
        next(iter(loader(TypeError("cannot be sent"))))
    assert "cannot be sent" in capfd.readouterr().err
    assert torch.utils.data.get_worker_info() is None
