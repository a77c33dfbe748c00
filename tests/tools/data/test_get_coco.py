"""Getting COCO from a server on this machine."""

import hashlib
import io
import threading
import zipfile
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest

from mnv3.tools.data import get_coco as module
from mnv3.tools.data.archives import Archive
from mnv3.tools.data.get_coco import get_coco
from mnv3.tools.errors import UserError


class Handler(SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture
def address(tmp_path, monkeypatch):
    """A server with small archives of COCO's names and contents, known to the table by their true sizes and sums."""
    contents = {
        "annotations/annotations_trainval2017.zip": {
            "annotations/instances_train2017.json": "{}",
            "annotations/instances_val2017.json": "{}",
        },
        "zips/train2017.zip": {"train2017/000000000009.jpg": "t"},
        "zips/val2017.zip": {"val2017/000000000139.jpg": "v"},
    }
    table = {}
    for path, files in contents.items():
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            for name, text in files.items():
                archive.writestr(name, text)
        served = tmp_path / "server" / path
        served.parent.mkdir(parents=True, exist_ok=True)
        served.write_bytes(buffer.getvalue())
        table[path] = len(buffer.getvalue()), hashlib.md5(buffer.getvalue()).hexdigest()
    parts = {
        part: tuple(Archive(a.path, a.makes, *table[a.path]) for a in module.PARTS[part]) for part in ("train", "val")
    }
    monkeypatch.setattr(module, "PARTS", parts)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(tmp_path / "server")))
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def names(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_everything_is_said_then_downloaded_and_unpacked(address, tmp_path):
    lines: list[str] = []
    get_coco(tmp_path / "coco", ["train", "val"], address, log=lines.append)
    assert names(tmp_path / "coco") == [
        "annotations/instances_train2017.json",
        "annotations/instances_val2017.json",
        "train2017/000000000009.jpg",
        "val2017/000000000139.jpg",
    ]
    announced = [line for line in lines if address in line]
    assert len(announced) == 3 and all(str(tmp_path / "coco") in line and "MB" in line for line in announced)


def test_only_what_is_missing_is_downloaded(address, tmp_path):
    get_coco(tmp_path, ["val"], address)
    kept = (tmp_path / "val2017" / "000000000139.jpg").stat().st_mtime_ns
    lines: list[str] = []
    get_coco(tmp_path, ["train", "val"], address, log=lines.append)
    assert sum(address in line for line in lines) == 1
    assert (tmp_path / "val2017" / "000000000139.jpg").stat().st_mtime_ns == kept
    assert (tmp_path / "train2017").is_dir()


def test_dry_says_and_does_nothing(address, tmp_path):
    lines: list[str] = []
    get_coco(tmp_path / "coco", ["val"], address, dry=True, log=lines.append)
    assert "zips/val2017.zip" in "".join(lines) and not (tmp_path / "coco").exists()


def test_mistakes(address, tmp_path, monkeypatch):
    with pytest.raises(UserError, match="no part vla; parts are train, val"):
        get_coco(tmp_path, ["vla"], address)
    with pytest.raises(UserError, match="404"):
        get_coco(tmp_path / "a", ["val"], f"{address}/elsewhere")
    huge = Archive("zips/val2017.zip", "val2017", 10**15, None)
    monkeypatch.setitem(module.PARTS, "val", (huge,))
    with pytest.raises(UserError, match="No room"):
        get_coco(tmp_path / "b", ["val"], address)
