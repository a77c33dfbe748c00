"""mnv3 data convert, as a user types it."""

from pathlib import Path

import pytest

from mnv3.cli.main import run
from mnv3.tools.errors import UserError
from tests import box_files, mask_files


def test_what_is_written_is_what_the_last_line_names(tmp_path: Path, capsys, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    box_files.WRITERS["YOLO"](tmp_path / "cells", box_files.draw(8, 2))
    run(["data", "convert", "task=ssdlite", "dataset=boxes", "dataset.path=cells", "out=new/cells coco"])
    last = capsys.readouterr().out.splitlines()[-1]
    assert last.endswith("mnv3 train task=ssdlite dataset=boxes dataset.path='new/cells coco'")
    run(["data", "check", "dataset=boxes", "dataset.path=new/cells coco"])
    assert "usable" in capsys.readouterr().out


def test_masks_whatever_task_is_named(tmp_path: Path, capsys, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    mask_files.WRITERS["LabelMe"](tmp_path / "streets", mask_files.draw(6, 2))
    run(["data", "convert", "dataset=masks", "dataset.path=streets", "out=ids"])
    assert "mnv3 train task=lraspp dataset=masks dataset.path=ids" in capsys.readouterr().out
    for words in (["out=ids"], [], ["out=streets/ids"], ["out=other", "split=testing"]):
        with pytest.raises(UserError, match=r"out=|split="):
            run(["data", "convert", "dataset=masks", "dataset.path=streets", *words])
    assert {path.name for path in tmp_path.iterdir()} >= {"streets", "ids"} and not (tmp_path / "other").exists()
