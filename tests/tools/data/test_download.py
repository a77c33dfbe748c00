"""Downloads from a server on this machine that can break off, ignore ranges, and send the wrong bytes."""

import hashlib
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest

from mnv3.tools.data.download import ATTEMPTS, Remote, fetch, unpack
from mnv3.tools.errors import UserError

CONTENT = np.random.default_rng(0).bytes(3_000_000)
SIZE = len(CONTENT)
MD5 = hashlib.md5(CONTENT).hexdigest()


class Server:
    """`content` at /file; breaks off after `limit` bytes of a response; `requests` are the ranges asked for."""

    def __init__(self) -> None:
        self.content, self.limit, self.ranges, self.requests = CONTENT, None, True, []
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                asked = self.headers.get("Range")
                server.requests.append(asked)
                start = int(asked.removeprefix("bytes=").removesuffix("-")) if asked and server.ranges else 0
                if self.path != "/file":
                    self.send_error(404)
                elif start >= len(server.content):
                    self.send_error(416)
                else:
                    body = server.content[start:]
                    self.send_response(206 if start else 200)
                    self.send_header("Content-Length", str(len(body)))
                    self.end_headers()
                    self.wfile.write(body[: server.limit])

            def log_message(self, *_):
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_port}/file"
        threading.Thread(target=self.http.serve_forever, args=(0.01,), daemon=True).start()


@pytest.fixture
def server():
    server = Server()
    yield server
    server.http.shutdown()
    server.http.server_close()


def get(url, path, size=SIZE, md5=MD5):
    seen = []
    fetch(Remote(url, size, md5), path, lambda done, total: seen.append((done, total)), pause_s=0.0)
    return seen


def test_a_file_comes_whole(server, tmp_path):
    seen = get(server.url, tmp_path / "new" / "a.zip")
    assert (tmp_path / "new" / "a.zip").read_bytes() == CONTENT
    assert [item.name for item in (tmp_path / "new").iterdir()] == ["a.zip"]
    assert seen[-1] == (len(CONTENT), len(CONTENT))


def test_a_full_disk_is_no_broken_connection(server, tmp_path, full_disk):
    """Asked once, told of the file, and what has come is kept."""
    with pytest.raises(UserError, match=r"a\.zip\.part cannot be written"):
        get(server.url, tmp_path / "a.zip")
    assert len(server.requests) == 1 and (tmp_path / "a.zip.part").stat().st_size <= 64


def test_a_stopped_download_goes_on(server, tmp_path):
    (tmp_path / "a.zip.part").write_bytes(CONTENT[:1_000_000])
    get(server.url, tmp_path / "a.zip")
    assert server.requests == ["bytes=1000000-"]
    assert (tmp_path / "a.zip").read_bytes() == CONTENT


def test_a_connection_that_breaks_is_taken_up_again(server, tmp_path):
    server.limit = 400_000
    get(server.url, tmp_path / "a.zip")
    assert server.requests == [None] + [f"bytes={n}-" for n in range(400_000, 3_000_000, 400_000)]
    assert (tmp_path / "a.zip").read_bytes() == CONTENT


def test_a_complete_part_is_only_verified(server, tmp_path):
    (tmp_path / "a.zip.part").write_bytes(CONTENT)
    get(server.url, tmp_path / "a.zip")
    assert (tmp_path / "a.zip").read_bytes() == CONTENT


def test_a_server_without_ranges_sends_it_all_again(server, tmp_path):
    server.ranges = False
    (tmp_path / "a.zip.part").write_bytes(CONTENT[:1_000_000])
    get(server.url, tmp_path / "a.zip")
    assert (tmp_path / "a.zip").read_bytes() == CONTENT


def test_other_bytes_are_refused_and_removed(server, tmp_path):
    server.content = CONTENT[:-1] + bytes([CONTENT[-1] ^ 1])
    with pytest.raises(UserError, match="md5"):
        get(server.url, tmp_path / "a.zip")
    assert not list(tmp_path.iterdir())


def test_another_size_is_refused(server, tmp_path):
    server.content = CONTENT[:1000]
    with pytest.raises(UserError, match="1,000 bytes, not 3,000,000 bytes"):
        get(server.url, tmp_path / "a.zip")


def test_what_came_is_kept_when_the_server_goes_away(server, tmp_path):
    server.limit = 0
    (tmp_path / "a.zip.part").write_bytes(CONTENT[:1_000_000])
    with pytest.raises(UserError, match="1,000,000 bytes are kept"):
        get(server.url, tmp_path / "a.zip")
    assert len(server.requests) == ATTEMPTS
    assert (tmp_path / "a.zip.part").stat().st_size == 1_000_000


def test_unknown_addresses_and_full_disks_are_told(server, tmp_path):
    with pytest.raises(UserError, match="404"):
        get(server.url + "s", tmp_path / "a.zip")
    with pytest.raises(UserError, match="cannot be downloaded"):
        get("http://127.0.0.1:9/file", tmp_path / "a.zip")
    with pytest.raises(UserError, match=r"No room.*1000000\.0 GB"):
        get(server.url, tmp_path / "a.zip", size=10**15)
    assert not (tmp_path / "a.zip").exists()


def make_zip(path, files):
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)


def test_unpacking_adds_to_folders_that_are_there(tmp_path):
    (tmp_path / "annotations").mkdir()
    (tmp_path / "annotations" / "old.json").write_text("old")
    (tmp_path / "annotations" / "a.json").write_text("old")
    make_zip(tmp_path / "a.zip", {"annotations/a.json": "new", "val/1.jpg": "x"})
    unpack(tmp_path / "a.zip", tmp_path)
    assert (tmp_path / "annotations" / "a.json").read_text() == "new"
    assert (tmp_path / "annotations" / "old.json").read_text() == "old"
    assert {item.name for item in tmp_path.iterdir()} == {"annotations", "val", "a.zip"}


def test_a_damaged_archive_leaves_nothing_behind(tmp_path):
    make_zip(tmp_path / "a.zip", {"val/1.jpg": "x" * 1000, "val/2.jpg": "y" * 1000})
    content = bytearray((tmp_path / "a.zip").read_bytes())
    content[1500] ^= 1  # in the second file: the first one was already unpacked
    (tmp_path / "a.zip").write_bytes(content)
    with pytest.raises(UserError, match="not a whole ZIP"):
        unpack(tmp_path / "a.zip", tmp_path)
    assert [item.name for item in tmp_path.iterdir()] == ["a.zip"]
