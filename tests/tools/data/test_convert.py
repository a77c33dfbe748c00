"""A folder for a converted data set, and names of the copies in it."""

from pathlib import Path

import pytest

from mnv3.tools.data.convert import copy_names, new_folder, open_present, renamed
from mnv3.tools.errors import Absent, UserError
from mnv3.tools.files.write import write_bytes


def test_names_without_folders_are_unique_whatever_their_case() -> None:
    files = ["a/b/1.jpg", "c/1.JPG", "2.jpg", "d\\3.jpg", "c-1.JPG", "/e/4.jpg", "f/2.png"]
    names = copy_names(files)
    assert names == ["a-b-1.jpg", "c-1.JPG", "2.jpg", "3.jpg", "c-1-2.JPG", "4.jpg", "2.png"]
    (line,) = renamed(["a/b/1.jpg", "2.jpg"], ["a-b-1.jpg", "2.jpg"])
    assert "1 are renamed" in line and "a-b-1.jpg" in line
    assert not renamed(["a/2.jpg"], ["2.jpg"])


def test_the_folder_is_there_whole_or_not_at_all(tmp_path: Path) -> None:
    out = tmp_path / "deep" / "out"
    with pytest.raises(UserError) as caught, new_folder(out, {}) as folder:
        (folder / "file").write_text("half")
        raise UserError(f"{folder}/file is bad.")
    assert f"{out}/file is bad." in str(caught.value)
    with pytest.raises(KeyboardInterrupt), new_folder(out, {}):
        raise KeyboardInterrupt
    assert not list(out.parent.iterdir())
    out.mkdir()
    with new_folder(out, {}) as folder:
        (folder / "file").write_text("whole")
    assert [path.name for path in out.parent.iterdir()] == ["out"] and (out / "file").read_text() == "whole"
    with pytest.raises(UserError, match="not empty"), new_folder(out, {}):
        pass
    assert (out / "file").read_text() == "whole"


def test_a_folder_that_is_looked_at_is_no_place_for_copies(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for out, dataset in (
        (tmp_path / "own" / "out", {"path": str(tmp_path / "own")}),
        (tmp_path / "val" / "out", {"path": None, "val_images": str(tmp_path / "val")}),
        (tmp_path / "file", {}),
    ):
        with pytest.raises(UserError, match="out="), new_folder(out, dataset):
            pass


def test_a_full_disk_leaves_nothing(tmp_path: Path, full_disk: None) -> None:
    with pytest.raises(UserError, match="out"), new_folder(tmp_path / "out", {}) as folder:
        write_bytes(folder / "file", bytes(100))
    assert not list(tmp_path.iterdir())


def test_splits_that_exist_are_opened(capsys: pytest.CaptureFixture[str]) -> None:
    def open_split(name: str) -> str:
        if name == "val":
            return name
        raise Absent(f"no {name}")

    assert open_present(None, ("train", "val", "test"), open_split) == {"val": "val"}
    printed = capsys.readouterr().out
    assert "no train" in printed and "no test" not in printed
    for split in ("test", "trainval"):
        with pytest.raises(UserError, match="no test" if split == "test" else "split=trainval"):
            open_present(split, ("train", "val", "test"), open_split)
