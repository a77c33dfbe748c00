"""Downloads that resume, are verified, and unpack whole or not at all."""

import hashlib
import os
import shutil
import tarfile
import time
import urllib.error
import urllib.request
import zipfile
from collections.abc import Callable
from http.client import HTTPException
from pathlib import Path
from typing import NamedTuple

from mnv3.tools.errors import UserError
from mnv3.tools.files.write import REMEDIES, make_folder, named_errors

CHUNK = 1 << 20
"""Bytes read at a time."""
ATTEMPTS = 5
"""Connections in a row without a new byte before giving up; a long download survives any number of interruptions."""
TIMEOUT_S = 30
NOTHING_LEFT = 416
"""HTTP status for a range that starts at the end of the file."""


class Remote(NamedTuple):
    """A file at `url`. `size` (bytes) and `md5` are checked if known."""

    url: str
    size: int | None = None
    md5: str | None = None


def fetch(remote: Remote, path: Path, progress: Callable[[int, int | None], None], pause_s: float = 2.0) -> None:
    """Download to `path` via `path`.part, which a later call resumes.

    `progress(bytes so far, total bytes or None)` is called now and then; `pause_s` is the pause between attempts.
    Raises UserError: disk full, unreachable, interrupted, or not the expected file.
    """
    make_folder(path.parent)
    part = path.with_name(path.name + ".part")
    _check_room(remote, part)
    idle = 0
    while idle < ATTEMPTS:
        before = _length(part)
        try:
            complete = _receive(remote, part, progress)
        except (OSError, HTTPException) as error:  # urllib's errors are OSErrors
            if isinstance(error, OSError) and error.errno in REMEDIES:  # a disk error: network errors have other codes
                raise UserError(
                    f"{part} cannot be written: {REMEDIES[error.errno]}. The part on disk is kept."
                ) from None
            if isinstance(error, urllib.error.HTTPError) and 400 <= error.code < 500:
                raise UserError(f"{remote.url} cannot be downloaded: {error.code} {error.reason}.") from None
            complete, reason = False, str(error)
        else:
            reason = "the connection closed early"
        if complete:
            _verify(remote, part)
            os.replace(part, path)
            return
        idle = 0 if _length(part) > before else idle + 1
        time.sleep(pause_s if idle else 0)
    kept = f" {_length(part):,} bytes are kept: run the same command to resume." if _length(part) else ""
    raise UserError(f"{remote.url} cannot be downloaded: {reason}.{kept}")


def _length(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _check_room(remote: Remote, part: Path) -> None:
    missing = (remote.size or 0) - _length(part)
    free = shutil.disk_usage(part.parent).free
    if missing > free:
        raise UserError(f"No room in {part.parent}: {missing / 1e9:.1f} GB are needed, {free / 1e9:.1f} GB are free.")


def _receive(remote: Remote, part: Path, progress: Callable[[int, int | None], None]) -> bool:
    """Append the missing bytes; return whether the file is complete."""
    start = _length(part)
    request = urllib.request.Request(remote.url, headers={"Range": f"bytes={start}-"} if start else {})
    try:
        response = urllib.request.urlopen(request, timeout=TIMEOUT_S)
    except urllib.error.HTTPError as error:
        if error.code == NOTHING_LEFT:
            return True
        raise
    with response, part.open("ab") as file:
        if start and response.status != 206:  # the server ignores ranges and sends the whole file
            file.truncate(0)
            start = 0
        left = response.headers.get("Content-Length")
        total = start + int(left) if left else remote.size
        done = start
        while chunk := response.read(CHUNK):
            file.write(chunk)
            done += len(chunk)
            progress(done, total)
    return total is None or done >= total


def _verify(remote: Remote, part: Path) -> None:
    """Raise UserError and remove the file if size or md5 is wrong: resuming from it is useless."""
    found, wanted = [f"{_length(part):,} bytes"], [f"{remote.size:,} bytes" if remote.size else None]
    if remote.md5:
        digest = hashlib.md5(usedforsecurity=False)
        with part.open("rb") as file:
            while chunk := file.read(CHUNK):
                digest.update(chunk)
        found.append(f"md5 {digest.hexdigest()}")
        wanted.append(f"md5 {remote.md5}")
    for is_now, should_be in zip(found, wanted, strict=False):  # no md5, no comparison
        if should_be and is_now != should_be:
            part.unlink()
            raise UserError(f"{remote.url} came with {is_now}, not {should_be}: removed. Try again.")


def unpack(archive: Path, folder: Path) -> None:
    """Unpack a ZIP or tar file into `folder` via a folder beside the files, so that none is left half-written.
    Raises UserError if the archive is damaged, or has a member that would be outside `folder`."""
    make_folder(folder)
    staging = folder / f".unpacking-{archive.stem}"
    shutil.rmtree(staging, ignore_errors=True)  # left by a killed process
    kind = "tar" if archive.suffix == ".tar" else "ZIP"
    try:
        with named_errors(folder):
            (_extract_tar if kind == "tar" else _extract_zip)(archive, staging)
            _merge(staging, folder)
    except tarfile.FilterError as error:
        raise UserError(f"{archive} was not unpacked, because a member would be outside its folder: {error}.") from None
    except (zipfile.BadZipFile, tarfile.TarError, EOFError) as error:
        raise UserError(f"{archive} is not a whole {kind} file ({error}): remove it and download it again.") from None
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _extract_zip(archive: Path, folder: Path) -> None:
    with zipfile.ZipFile(archive) as opened:
        opened.extractall(folder)


def _extract_tar(archive: Path, folder: Path) -> None:
    with tarfile.open(archive, "r:") as opened:
        opened.extractall(folder, filter="data")  # refuses members, and links, that lead out of the folder


def _merge(source: Path, target: Path) -> None:
    """Move the contents of `source` to `target`: new folders as a whole, existing ones file by file."""
    for item in sorted(source.iterdir()):
        place = target / item.name
        if item.is_dir() and place.is_dir():
            _merge(item, place)
        else:
            os.replace(item, place)
