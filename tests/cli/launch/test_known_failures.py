"""What machines do to a call, told in sentences: no class of an exception, no traceback."""

import errno
import os
from collections.abc import Callable

import pytest

from mnv3.tools.errors import Failure
from tests.cli.recorder import Recorder

Call = Callable[..., int]
SAID = "DataLoader worker (pid {}) is killed by signal: {}"

FAILURES: list[tuple[Exception, int, str]] = [
    (RuntimeError(SAID.format(4711, "Killed.")), 1, "4711"),
    (RuntimeError("DataLoader worker (pid(s) 47, 48) exited unexpectedly"), 1, "47, 48"),
    (RuntimeError(SAID.format(4711, "Bus error. It is possible that ...")), 2, "/dev/shm"),
    (RuntimeError("unable to allocate shared memory(shm) for file </torch_1_2_0>: No space left"), 2, "/dev/shm"),
    (RuntimeError("unable to open file </torch_1_2_0> in read-write mode: Too many open files (24)"), 2, "ulimit -n"),
    (OSError(errno.EMFILE, os.strerror(errno.EMFILE)), 2, "ulimit -n"),
    (OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "/disk/file"), 2, "/disk/file"),
    (PermissionError(errno.EACCES, os.strerror(errno.EACCES), "/disk/file"), 2, "/disk/file"),
    (MemoryError(), 1, "Memory ran out"),
    (RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes."), 1, "Memory ran out"),
    (RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB"), 1, "batch"),
    (RuntimeError("can't start new thread"), 2, "ulimit -u"),
    (
        RuntimeError("[../third_party/gloo/gloo/transport/tcp/pair.cc:547] Connection closed by peer"),
        1,
        "Another process",
    ),
    (Failure("Just this."), 1, "mnv3: Just this."),
]


@pytest.mark.parametrize(("error", "code", "said"), FAILURES)
def test_each_has_its_sentence(
    error: Exception, code: int, said: str, call: Call, recorder: Recorder, capsys: pytest.CaptureFixture
) -> None:
    recorder.error = error
    assert call("train") == code
    told = capsys.readouterr().err
    assert said in told and len(told.splitlines()) == 1
    assert "Error" not in told and "Errno" not in told


def test_others_keep_their_name(call: Call, recorder: Recorder, capsys: pytest.CaptureFixture) -> None:
    recorder.error = ZeroDivisionError("division by zero")
    assert call("train") == 1
    assert "ZeroDivisionError: division by zero" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["x" * 300, "below/" * 2000])
def test_a_run_folder_that_cannot_be_made(
    name: str, call: Call, recorder: Recorder, capsys: pytest.CaptureFixture
) -> None:
    assert call("train", f"name={name}") == 2
    told = capsys.readouterr().err
    assert "too long" in told and "Interpolation" not in told and not recorder.configs


def test_a_file_in_the_place_of_the_run_folders(call: Call, recorder: Recorder, capsys: pytest.CaptureFixture) -> None:
    with open("runs", "w") as file:
        file.write("mine")
    assert call("train") == 2
    assert "runs/ssdlite" in capsys.readouterr().err
    assert os.listdir() == ["runs"]


def test_a_log_that_cannot_be_opened(
    call: Call, recorder: Recorder, capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The folder could be made, and nothing can be written into it."""

    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS), "runs/log.txt")

    monkeypatch.setattr("logging.FileHandler._open", refuse)
    assert call("train") == 2
    told = capsys.readouterr().err
    assert "log.txt" in told and "handler" not in told
    assert os.listdir("runs/ssdlite") == []
