"""Getting Cityscapes: csDownload is stood in for, its server asks for an account."""

from importlib.util import find_spec

import pytest

from mnv3.lraspp.data import get_cityscapes
from mnv3.tools.errors import UserError


@pytest.fixture
def account(monkeypatch):
    monkeypatch.setattr(get_cityscapes, "_has_account", lambda: True)


def test_without_an_account_or_a_terminal_it_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setattr(get_cityscapes, "_has_account", lambda: False)
    with pytest.raises(UserError, match="csDownload -l"):
        get_cityscapes.get_cityscapes(tmp_path / "cityscapes")
    assert not (tmp_path / "cityscapes").exists()


def test_packages_are_got_and_unpacked_once(tmp_path, monkeypatch, account):
    stand_in = """
import sys, zipfile
folder, package = sys.argv[sys.argv.index("--destination_path") + 1], sys.argv[-1]
assert "--resume" in sys.argv
with zipfile.ZipFile(f"{folder}/{package}", "w") as archive:
    archive.writestr(package.split("_")[0] + "/val/a.png", "x")
"""
    (tmp_path / "stand_in_downloader.py").write_text(stand_in)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setattr(get_cityscapes, "DOWNLOADER", "stand_in_downloader")
    lines: list[str] = []
    get_cityscapes.get_cityscapes(tmp_path / "data", log=lines.append)
    assert "241 MB" in lines[0] and "11 GB" in lines[1]
    files = sorted(path.relative_to(tmp_path / "data").as_posix() for path in (tmp_path / "data").rglob("*.*"))
    assert files == ["gtFine/val/a.png", "leftImg8bit/val/a.png"]
    monkeypatch.setattr(get_cityscapes, "DOWNLOADER", "no_such_module")
    get_cityscapes.get_cityscapes(tmp_path / "data", log=lines.append)
    assert all("already" in line for line in lines[-2:])


def test_a_failed_download_is_told(tmp_path, monkeypatch, account):
    monkeypatch.setattr(get_cityscapes, "DOWNLOADER", "no_such_module")
    with pytest.raises(UserError, match=r"gtFine_trainvaltest\.zip"):
        get_cityscapes.get_cityscapes(tmp_path)


def test_the_downloader_is_there():
    assert find_spec(get_cityscapes.DOWNLOADER)
