"""Download COCO 2017 from its server into the official layout."""

import shutil
import sys
from collections.abc import Callable, Sequence
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


_INSTANCES = Archive(
    "annotations/annotations_trainval2017.zip",
    "annotations/instances_val2017.json",
    252_907_541,
    "f4bbac642086de4f52a3fdda2de5fa2c",
)

PARTS = {
    "train": (
        _INSTANCES,
        Archive("zips/train2017.zip", "train2017", 19_336_861_798, "cced6f7f71b7629ddf16f17bbcfab6b2"),
    ),
    "val": (_INSTANCES, Archive("zips/val2017.zip", "val2017", 815_585_330, "442b8da7639aecaf257c1dceb8ba8c80")),
    "test": (
        # About 1 MB; without a published checksum, but a ZIP file has those of its contents.
        Archive("annotations/image_info_test2017.zip", "annotations/image_info_test-dev2017.json", None, None),
        Archive("zips/test2017.zip", "test2017", 6_646_970_404, "77ad2c53ac5d0aea611d422c0938fb35"),
    ),
}


def get_coco(
    folder: Path, parts: Sequence[str], address: str, *, dry: bool = False, log: Callable[[str], None] = print
) -> None:
    """Log, download and unpack those of `parts` ("train", "val", "test") that are not yet in `folder`.

    An interrupted call resumes. `dry`: only log. Raises UserError: unknown part, no room, no server, unexpected files.
    """
    unknown = [part for part in parts if part not in PARTS]
    if unknown:
        raise UserError(f"COCO has no part {', '.join(unknown)}; parts are {', '.join(PARTS)}, e.g. 'parts=[val]'.")
    wanted = dict.fromkeys(archive for part in parts for archive in PARTS[part])
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
        file = folder / Path(archive.path).name
        if not file.exists():
            with _bar() as bar:
                task = bar.add_task(file.name, total=archive.size)
                remote = Remote(f"{address}/{archive.path}", archive.size, archive.md5)
                fetch(remote, file, lambda done, total, task=task: bar.update(task, completed=done, total=total))
        log(f"Unpacking {file}")
        unpack(file, folder)
        if not (folder / archive.makes).exists():
            raise UserError(f"{file} does not hold {archive.makes}: it is not COCO's.")
        file.unlink()
    log(f"COCO 2017 ({', '.join(parts)}) is in {folder}.")


def _check_room(folder: Path, missing: list[Archive]) -> None:
    """Require space for each archive and its contents: ZIP does not shrink JPEGs, so unpacking doubles the largest."""
    make_folder(folder)
    sizes = [archive.size or 0 for archive in missing]
    present = sum(file.stat().st_size for file in folder.glob("*.zip*"))
    needed, free = sum(sizes) + max(sizes) - present, shutil.disk_usage(folder).free
    if needed > free:
        raise UserError(f"No room in {folder}: {_size(needed)} are needed, {_size(free)} are free.")


def _size(count: int | None) -> str:
    if count is None:
        return "about 1 MB"
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.0f} MB"


def _bar() -> Progress:
    columns = "[progress.description]{task.description}", BarColumn(), DownloadColumn(), TransferSpeedColumn()
    return Progress(*columns, TimeRemainingColumn(), disable=not sys.stdout.isatty())
