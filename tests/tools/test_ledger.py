"""Nothing that is not ours is written over."""

import os
from pathlib import Path

import pytest

from tools.errors import UserError
from tools.ledger import NAME, Ledger, guarded, refuse_foreign_file


def refused(folder: Path, *names: str) -> bool:
    try:
        Ledger(folder, shared=True).refuse_foreign([folder / name for name in names], "out")
    except UserError as error:
        assert len(error.problems) == 1 and "out=" in error.problems[0]
        return True
    return False


def test_a_file_is_ours_until_somebody_changes_it(tmp_path: Path) -> None:
    ours, theirs = tmp_path / "below" / "a.jpg", tmp_path / "b.jpg"
    ours.parent.mkdir()
    ours.write_bytes(b"ours")
    theirs.write_bytes(b"theirs")
    Ledger(tmp_path, shared=True).note(ours)
    assert not refused(tmp_path, "below/a.jpg", "not there.jpg")
    assert refused(tmp_path, "below/a.jpg", "b.jpg")
    os.utime(ours, (1, 1))
    assert refused(tmp_path, "below/a.jpg")


def test_links_and_folders_are_not_ours(tmp_path: Path) -> None:
    target = tmp_path / "photo.jpg"
    target.write_bytes(b"x")
    ledger = Ledger(tmp_path, shared=True)
    ledger.note(target)
    (tmp_path / "link.jpg").symlink_to(target)
    (tmp_path / "dangling.jpg").symlink_to(tmp_path / "nowhere")
    (tmp_path / "folder.jpg").mkdir()
    assert not refused(tmp_path, "photo.jpg")
    assert all(refused(tmp_path, name) for name in ("link.jpg", "dangling.jpg", "folder.jpg"))


@pytest.mark.parametrize("damage", [b'["a.jpg", 1', b"\xff\xfe\n", b"[1]\n", b"{}\n", b'["a.jpg", "x", []]\n'])
def test_a_damaged_ledger_only_knows_less(tmp_path: Path, damage: bytes) -> None:
    file = tmp_path / "a.jpg"
    file.write_bytes(b"x")
    (tmp_path / NAME).write_bytes(damage)
    assert refused(tmp_path, "a.jpg")


def test_a_report_again_and_a_report_over_somebody_s_files(tmp_path: Path) -> None:
    for _ in range(2):
        with guarded(tmp_path, ("*.json", "plots/*"), "eval.out"):
            (tmp_path / "plots").mkdir(exist_ok=True)
            for name in ("metrics.json", "plots/a.png"):
                (tmp_path / name).write_text("figures")
    (tmp_path / "other.json").write_text("theirs")
    with pytest.raises(UserError, match=r"eval\.out=.*other\.json"), guarded(tmp_path, ("*.json",), "eval.out"):
        pytest.fail("began to write")
    with guarded(None, ("*",), "eval.out"):
        pass


def test_a_single_file_is_known_by_what_is_in_it(tmp_path: Path) -> None:
    file = tmp_path / "page.html"
    refuse_foreign_file(file, "--html", lambda content: False)
    file.write_text("mine")
    refuse_foreign_file(file, "--html", lambda content: content == b"mine")
    with pytest.raises(UserError, match="--html="):
        refuse_foreign_file(file, "--html", lambda content: content == b"yours")
