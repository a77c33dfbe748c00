"""Get the archives of a data set: print their sizes, download, verify, unpack."""

import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from rich.progress import BarColumn, DownloadColumn, Progress, TimeRemainingColumn, TransferSpeedColumn

from mnv3.tools.data.download import Remote, fetch, unpack
from mnv3.tools.errors import UserError
from mnv3.tools.files.write import make_folder


class Archive(NamedTuple):
    """A file on the server; `makes`: a path that exists once it is unpacked; size and md5 if known."""

    path: str
    makes: str
    size: int | None
    md5: str | None


def get_archives(
    title: str,
    table: Mapping[str, tuple[Archive, ...]],
    folder: Path,
    parts: Sequence[str],
    address: str,
    *,
    dry: bool = False,
    log: Callable[[str], None] = print,
) -> None:
    """Log, download and unpack the archives of those of `parts` that are not yet in `folder`.

    `title`: of the data set. `table`: its archives by part. `address`: URL of the server. An interrupted call resumes.
    `dry`: only log. Raises UserError: unknown part, no room, no server, unexpected files.
    """
    address = address.rstrip("/")
    unknown = [part for part in parts if part not in table]
    if unknown:
        raise UserError(f"{title} has no part {', '.join(unknown)}; parts are {', '.join(table)}, e.g. 'parts=[val]'.")
    wanted = dict.fromkeys(archive for part in parts for archive in table[part])
    missing = [archive for archive in wanted if not (folder / archive.makes).exists()]
    for archive in wanted:
        if archive not in missing:
            log(f"{folder / archive.makes} exists already.")
        else:
            log(f"{_size(archive.size)}  {address}/{archive.path} -> {folder}")
    total = sum(archive.size or 0 for archive in missing)
    if missing:
        log(f"{_size(total)}  in all, and as much again while unpacking; archives are removed afterwards.")
    if dry or not missing:
        return
    _check_room(folder, missing)
    for archive in missing:
        _get(title, archive, folder, address, log)
    log(f"{title} ({', '.join(parts)}) is in {folder}.")


def _get(title: str, archive: Archive, folder: Path, address: str, log: Callable[[str], None]) -> None:
    file = _file(folder, archive)
    if not file.exists():
        with _bar() as bar:
            task = bar.add_task(file.name, total=archive.size)
            remote = Remote(f"{address}/{archive.path}", archive.size, archive.md5)
            fetch(remote, file, lambda done, total: bar.update(task, completed=done, total=total))
    log(f"Unpacking {file}")
    unpack(file, folder)
    if not (folder / archive.makes).exists():
        raise UserError(f"{file} does not hold {archive.makes}: it is not that of {title}.")
    file.unlink()


def _file(folder: Path, archive: Archive) -> Path:
    return folder / Path(archive.path).name


def _check_room(folder: Path, missing: list[Archive]) -> None:
    """Require space for each archive and its contents: JPEGs do not shrink, so unpacking doubles the largest."""
    make_folder(folder)
    sizes = [archive.size or 0 for archive in missing]
    files = [file for archive in missing for file in folder.glob(f"{_file(folder, archive).name}*")]
    needed, free = sum(sizes) + max(sizes) - sum(file.stat().st_size for file in files), shutil.disk_usage(folder).free
    if needed > free:
        raise UserError(f"No room in {folder}: {_size(needed)} are needed, {_size(free)} are free.")


def _size(count: int | None) -> str:
    if count is None:
        return "about 1 MB"
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.0f} MB"


def _bar() -> Progress:
    columns = "[progress.description]{task.description}", BarColumn(), DownloadColumn(), TransferSpeedColumn()
    return Progress(*columns, TimeRemainingColumn(), disable=not sys.stdout.isatty())
