"""One process at a time writes a folder; its lock ends with it."""

import errno
import fcntl
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from mnv3.tools.errors import UserError
from mnv3.tools.files import locks

HOLD = """
import os, sys, time
from pathlib import Path
from mnv3.tools.files import locks
locks.hold(Path(sys.argv[1]), "this run")
if os.fork():
    print("held", flush=True)
time.sleep(60)  # the forked one too, as a loader process that outlives its parent for a while
"""


def holding(folder: Path) -> subprocess.Popen:
    root = Path(__file__).parents[3]
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(folder)], cwd=root, stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    assert process.stdout and process.stdout.readline() == "held\n"
    return process


def test_the_second_is_refused_until_the_first_is_killed(tmp_path: Path) -> None:
    first = holding(tmp_path)
    try:
        with pytest.raises(UserError, match=rf"this run is being written by process {first.pid} on "):
            locks.hold(tmp_path, "this run")
        first.kill()  # and not what it has forked
        first.wait()
        locks.hold(tmp_path, "this run")
        locks.hold(tmp_path, "this run")  # this process may ask again
        assert (tmp_path / locks.NAME).read_text().startswith(f"process {os.getpid()} on ")
    finally:
        os.killpg(first.pid, 9)
    locks._release()
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(
    ("noted", "refused"),
    [
        ("process {busy} on {here}", True),
        ("process {gone} on {here}", False),
        ("process {own} on {here}", False),  # a container's number of the last time
        ("process {busy} on elsewhere", False),  # a job that was queued again
        ("", False),
        ("who knows", False),
    ],
)
def test_where_there_are_no_locks_the_note_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, noted: str, refused: bool
) -> None:
    def without(*_: object) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    numbers = {"busy": os.getppid(), "gone": gone.pid, "own": os.getpid(), "here": socket.gethostname()}
    (tmp_path / locks.NAME).write_text(noted.format(**numbers))
    monkeypatch.setattr(fcntl, "lockf", without)
    if refused:
        with pytest.raises(UserError, match=f"process {os.getppid()} on"):
            locks.hold(tmp_path, "this run")
    else:
        locks.hold(tmp_path, "this run")
    locks._release()


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(UserError, match="file"):
        locks.hold(tmp_path / "file" / "run", "this run")
