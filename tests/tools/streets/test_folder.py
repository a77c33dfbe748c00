"""Generation: the same bytes from any number of processes, whole or not there."""

import hashlib
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from mnv3.tools.errors import UserError
from mnv3.tools.streets import coco, ensure_coco, folder

SMALL: dict[str, Any] = {"seed": 1, "train": 6, "val": 4, "image_size": (64, 96), "log": lambda line: None}


def _digests(root: Path) -> dict[str, str]:
    files = [path for path in root.rglob("*") if path.is_file()]
    return {str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_two_processes_write_what_one_writes(tmp_path: Path, monkeypatch):
    one = ensure_coco(tmp_path / "one", processes=1, **SMALL)
    monkeypatch.setattr(folder, "FEWEST_A_PROCESS", 2)
    monkeypatch.setattr(coco, "draw_scene", None)  # so that this process could not draw: the others must
    two = ensure_coco(tmp_path / "two", processes=2, **SMALL)
    assert len(_digests(one)) == 10 + 2 + 1
    assert _digests(one) == _digests(two)


def test_a_second_call_draws_nothing(tmp_path: Path, monkeypatch):
    first = ensure_coco(tmp_path, processes=1, **SMALL)
    monkeypatch.setattr(coco, "draw_scene", None)
    assert ensure_coco(tmp_path, processes=1, **SMALL) == first


def test_other_parameters_make_another_folder(tmp_path: Path):
    first = ensure_coco(tmp_path, processes=1, **SMALL)
    second = ensure_coco(tmp_path, processes=1, **{**SMALL, "seed": 2})
    assert first != second
    assert _digests(first)["train/000000000001.jpg"] != _digests(second)["train/000000000001.jpg"]


@pytest.mark.parametrize("failure", [KeyboardInterrupt, OSError(28, "No space left on device")])
def test_a_generation_that_fails_leaves_nothing(tmp_path: Path, monkeypatch, failure):
    draw, calls = coco.draw_scene, []

    def failing(*arguments, **options):
        calls.append(arguments)
        if len(calls) > 4:
            raise failure
        return draw(*arguments, **options)

    monkeypatch.setattr(coco, "draw_scene", failing)
    with pytest.raises((KeyboardInterrupt, UserError)):
        ensure_coco(tmp_path, processes=1, **SMALL)
    assert len(calls) == 5
    assert list((tmp_path / "streets").iterdir()) == []


def test_a_killed_generation_is_not_taken_for_a_data_set(tmp_path: Path):
    code = (
        "from pathlib import Path; from mnv3.tools.streets import ensure_coco;"
        f"ensure_coco(Path({str(tmp_path)!r}), seed=1, train=4000, val=4, image_size=(64, 96), processes=1)"
    )
    child = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while not list(tmp_path.rglob("*.jpg")) and time.monotonic() < deadline:
        time.sleep(0.02)
    child.kill()
    child.wait()
    assert list(tmp_path.rglob("*.jpg"))
    assert [path.name for path in (tmp_path / "streets").iterdir() if not path.name.startswith(".")] == []


def test_something_else_in_the_place_is_refused(tmp_path: Path):
    place = ensure_coco(tmp_path, processes=1, **SMALL)
    (place / folder.STAMP).write_text("{}")
    with pytest.raises(UserError, match="not a data set"):
        ensure_coco(tmp_path, processes=1, **SMALL)


def test_all_wrong_parameters_are_named_at_once(tmp_path: Path):
    with pytest.raises(UserError) as raised:
        ensure_coco(tmp_path, seed=-1, train=0, val=1, image_size=(10, 5000))
    assert len(raised.value.problems) == 4
    assert list(tmp_path.iterdir()) == []
