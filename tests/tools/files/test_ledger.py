"""Nothing that is not ours is written over."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from mnv3.tools.errors import UserError
from mnv3.tools.files import ledger
from mnv3.tools.files.ledger import NAME, guarded, matching, refuse_foreign_file


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., None]:
    """Write files of these names into the folder as a call does, which then fails with `error`."""

    def call(*names: str, error: Exception | None = None) -> None:
        with guarded(tmp_path, lambda: [tmp_path / name for name in names], "out"):
            for name in names:
                (tmp_path / name).parent.mkdir(exist_ok=True)
                (tmp_path / name).write_text("ours")
            if error:
                raise error

    return call


@pytest.fixture(autouse=True)
def one_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger, "CLOCKS_NS", 20_000_000)


def test_a_file_is_ours_until_somebody_changes_it(tmp_path: Path, write: Callable[..., None]) -> None:
    for _ in range(2):
        write("below/a.jpg", "b.jpg")
    (tmp_path / "c.jpg").write_text("theirs")
    with pytest.raises(UserError, match=r"out=.*c\.jpg"):
        write("b.jpg", "c.jpg")
    assert (tmp_path / "c.jpg").read_text() == "theirs"
    os.utime(tmp_path / "below/a.jpg", (1, 1))
    with pytest.raises(UserError, match=r"a\.jpg"):
        write("below/a.jpg")


def test_links_and_folders_are_not_ours(tmp_path: Path, write: Callable[..., None]) -> None:
    write("photo.jpg")
    (tmp_path / "link.jpg").symlink_to(tmp_path / "photo.jpg")
    (tmp_path / "dangling.jpg").symlink_to(tmp_path / "nowhere")
    (tmp_path / "folder.jpg").mkdir()
    for name in ("link.jpg", "dangling.jpg", "folder.jpg"):
        with pytest.raises(UserError, match=name):
            write(name)


@pytest.mark.parametrize("damage", [b'["a.jpg", 1', b"\xff\xfe\n", b"[1]\n", b"{}\n", b'["a.jpg", "x", []]\n', b"3\n"])
def test_a_damaged_ledger_only_knows_less(tmp_path: Path, write: Callable[..., None], damage: bytes) -> None:
    (tmp_path / "a.jpg").write_bytes(b"x")
    (tmp_path / NAME).write_bytes(damage)
    with pytest.raises(UserError):
        write("a.jpg")


def test_what_a_failed_or_killed_call_has_left_is_ours(tmp_path: Path, write: Callable[..., None]) -> None:
    """It could never be written again."""
    (tmp_path / "theirs.json").write_text("theirs")
    os.utime(tmp_path / "theirs.json", (1, 1))
    with pytest.raises(OSError, match="disk"):
        write("metrics.json", error=OSError("disk"))
    write("metrics.json")
    lines = (tmp_path / NAME).read_text().splitlines()
    (tmp_path / NAME).write_text("\n".join(lines[:-2]) + "\n")  # as after kill -9: begun, and no more
    write("metrics.json")
    (tmp_path / NAME).write_text(lines[0] + "\n")
    with pytest.raises(UserError, match=r"theirs\.json"):
        write("theirs.json")


def test_a_call_that_writes_nothing_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(UserError), guarded(tmp_path / "new", list, "out"):
        raise UserError("no picture")
    assert not (tmp_path / "new").exists()
    with guarded(None, lambda: pytest.fail("looked at"), "out"):
        pass


def test_patterns_find_files_at_their_places(tmp_path: Path) -> None:
    for name in ("metrics.json", "other.json", "plots/a.png", "plots/a.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert matching(tmp_path, "metrics.json", "plots/*.png") == [tmp_path / "metrics.json", tmp_path / "plots/a.png"]


def test_a_single_file_is_known_by_what_is_in_it(tmp_path: Path) -> None:
    file = tmp_path / "page.html"
    refuse_foreign_file(file, "--html", lambda content: False)
    file.write_text("mine")
    refuse_foreign_file(file, "--html", lambda content: content == b"mine")
    with pytest.raises(UserError, match="--html="):
        refuse_foreign_file(file, "--html", lambda content: content == b"yours")
