"""What killed processes leave is removed at the next call, what others are writing is not."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from mnv3.tools.files import temporaries
from mnv3.tools.files.temporaries import FORGOTTEN_SECONDS, beside, mark, scratch_folder, tidy
from mnv3.tools.files.write import write_text
from mnv3.tools.streets import folder as streets


@pytest.fixture
def gone() -> int:
    """The number of a process that has ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


@pytest.fixture
def busy() -> Iterator[int]:
    """The number of a process that goes on."""
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    yield process.pid
    process.kill()
    process.wait()


def of(process: int, name: str) -> str:
    return name.replace(str(os.getpid()), str(process))


def test_only_what_nobody_writes_any_more_is_removed(tmp_path: Path, gone: int, busy: int) -> None:
    kept = [f".{of(busy, mark())}.ckpt", ".photo.123456789.jpg", "mnv3-notes.txt", "model.ckpt", ".hidden"]
    left = [f".{of(gone, mark())}.ckpt", f".{mark()}.png", f".last.{gone}.ckpt", f".frame.{gone}.frame"]
    for name in kept + left:
        (tmp_path / name).write_text("half")
    folders = [tmp_path / f".{of(gone, mark())}", tmp_path / f".coco-s0.{gone}.part"]
    for folder in folders:
        (folder / "train").mkdir(parents=True)
    write_text(tmp_path / "anything.txt", "the first file that is written there")
    assert sorted(os.listdir(tmp_path)) == sorted([*kept, "anything.txt"])


def test_those_of_another_machine_are_left_alone_for_a_day(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(temporaries, "_machine", lambda: "0123abcd")
    fresh, old = tmp_path / f".{mark()}.txt", tmp_path / f".{mark()}.json"
    monkeypatch.undo()
    for path, age in ((fresh, 60), (old, FORGOTTEN_SECONDS + 60)):
        path.write_text("half")
        os.utime(path, (time.time() - age, time.time() - age))
    tidy(tmp_path)
    assert os.listdir(tmp_path) == [fresh.name]


def test_what_this_process_is_writing_stays(tmp_path: Path) -> None:
    with beside(tmp_path / "a.txt") as temporary:
        temporary.write_text("half")
        tidy(tmp_path)
        assert temporary.exists()
    assert not temporary.exists()


def test_scratch_folders_of_killed_processes_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, gone: int) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    left = tmp_path / f"{of(gone, mark('eval'))}-abc"
    (left / "files").mkdir(parents=True)
    with scratch_folder("dry") as folder:
        assert folder.is_dir() and os.listdir(tmp_path) == [folder.name]
    assert os.listdir(tmp_path) == []


def test_a_data_set_that_was_being_drawn(tmp_path: Path, gone: int) -> None:
    """Its folder is fresh, but its process has been killed."""
    (tmp_path / f".{of(gone, mark())}" / "train").mkdir(parents=True)
    streets.ensure_folder(tmp_path / "set", {"seed": 1}, lambda target: None)
    assert os.listdir(tmp_path) == ["set"]
