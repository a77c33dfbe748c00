"""Getting PASCAL VOC from a server on this machine."""

import hashlib
import io
import tarfile
import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from mnv3.tools.data import get_voc as module
from mnv3.tools.data.download import unpack
from mnv3.tools.data.get_voc import get_voc
from mnv3.tools.data.voc import find_split
from mnv3.tools.errors import UserError
from tests.voc_files import LISTS, write_voc

TAR = "pascal/VOC/voc2012/VOCtrainval_11-May-2012.tar"


class Handler(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


def known(monkeypatch: pytest.MonkeyPatch, content: bytes) -> None:
    """Let the table have the true size and sum of `content`."""
    archive = module.PARTS["val"][0]._replace(size=len(content), md5=hashlib.md5(content).hexdigest())
    monkeypatch.setattr(module, "PARTS", {"train": (archive,), "val": (archive,)})


@pytest.fixture
def address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A server with a small archive of VOC's name and layout."""
    served = tmp_path / "server" / TAR
    served.parent.mkdir(parents=True)
    write_voc(tmp_path / "made" / "VOCdevkit" / "VOC2012")
    with tarfile.open(served, "w") as archive:
        archive.add(tmp_path / "made" / "VOCdevkit", "VOCdevkit")
    known(monkeypatch, served.read_bytes())
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(tmp_path / "server")))
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_the_published_archive() -> None:
    (archive,) = module.PARTS["val"]
    assert module.PARTS["train"] == (archive,)
    assert f"{module.SERVER}/{archive.path}" == f"http://host.robots.ox.ac.uk/{TAR}"
    assert (archive.size, archive.md5) == (1_999_639_040, "6cd6e144f989b92b3379bac3b3de84fd")


def test_it_is_announced_downloaded_unpacked_and_then_found(address: str, tmp_path: Path) -> None:
    lines: list[str] = []
    get_voc(tmp_path / "root", ["train", "val"], f"{address}/", log=lines.append)
    assert f"{address}/{TAR}" in lines[0] and "MB" in lines[0]
    assert find_split(tmp_path / "root", "Main", "val").names == LISTS["val"]
    assert [path.name for path in (tmp_path / "root" / "voc").iterdir()] == ["VOCdevkit"]
    get_voc(tmp_path / "root", ["val"], address, log=lines.append)
    assert "exists already" in lines[-1]


@pytest.mark.parametrize("place", ["VOCdevkit/VOC2012", "."])
def test_one_that_is_elsewhere_in_the_data_root_is_not_downloaded(tmp_path: Path, place: str) -> None:
    lines: list[str] = []
    write_voc(tmp_path / place)
    get_voc(tmp_path, ["train", "val"], "http://127.0.0.1:9", log=lines.append)
    assert lines == [f"{tmp_path / place} exists already."]


def test_dry_and_mistakes(address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines: list[str] = []
    get_voc(tmp_path / "root", ["val"], dry=True, log=lines.append)
    assert module.SERVER in lines[0] and not (tmp_path / "root").exists()
    with pytest.raises(UserError, match="no part test; parts are train, val"):
        get_voc(tmp_path / "root", ["test"], address)
    wrong = module.PARTS["val"][0]._replace(md5="0" * 32)
    monkeypatch.setattr(module, "PARTS", {"val": (wrong,)})
    with pytest.raises(UserError, match="md5"):
        get_voc(tmp_path / "root", ["val"], address)
    assert not list((tmp_path / "root" / "voc").iterdir())


def test_an_interrupted_download_is_resumed(address: str, tmp_path: Path) -> None:
    content = (tmp_path / "server" / TAR).read_bytes()
    part = tmp_path / "root" / "voc" / f"{Path(TAR).name}.part"
    part.parent.mkdir(parents=True)
    part.write_bytes(content[: len(content) // 2])
    get_voc(tmp_path / "root", ["val"], address)
    assert find_split(tmp_path / "root", "Segmentation", "val").names == LISTS["val"]


def member(name: str, **fields: object) -> tuple[tarfile.TarInfo, io.BytesIO]:
    info = tarfile.TarInfo(name)
    for key, value in {"size": 4, **fields}.items():
        setattr(info, key, value)
    return info, io.BytesIO(b"evil")


@pytest.mark.parametrize(
    "make",
    [
        lambda: member("../evil.txt"),
        lambda: member("voc/../../evil.txt"),
        lambda: member("link", type=tarfile.SYMTYPE, linkname="../..", size=0),
        lambda: member("hard", type=tarfile.LNKTYPE, linkname="../server", size=0),
        lambda: member("device", type=tarfile.CHRTYPE, size=0),
    ],
    ids=["above", "above-by-a-folder", "symbolic-link", "hard-link", "device"],
)
def test_nothing_is_unpacked_outside_of_the_folder(tmp_path: Path, make: Callable) -> None:
    (tmp_path / "in").mkdir()
    with tarfile.open(tmp_path / "in" / "x.tar", "w") as archive:
        archive.addfile(*member("fine.txt"))
        archive.addfile(*make())
    with pytest.raises(UserError, match=r"x\.tar"):
        unpack(tmp_path / "in" / "x.tar", tmp_path / "in" / "out")
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["in", "out", "x.tar"]


def test_an_archive_cut_short(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "x.tar", "w") as archive:
        archive.addfile(*member("fine.txt"))
    content = (tmp_path / "x.tar").read_bytes()
    for length in (0, 300, 514):
        (tmp_path / "x.tar").write_bytes(content[:length])
        with pytest.raises(UserError, match="not a whole tar file"):
            unpack(tmp_path / "x.tar", tmp_path / "out")
        assert not list((tmp_path / "out").iterdir())
