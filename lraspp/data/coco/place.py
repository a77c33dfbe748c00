"""COCO's frames with label files of VOC's classes, drawn once."""

import json
import os
import shutil
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from mnv3.lraspp.data.classes import VOC, VOC_IGNORED
from mnv3.lraspp.data.coco.draw import write_label_file
from mnv3.lraspp.data.coco.outlines import LEAST_AREA, read_outlines
from mnv3.lraspp.data.place import Place
from mnv3.tools.data.coco import INSTANCES, find_coco
from mnv3.tools.data.reader import Log
from mnv3.tools.errors import UserError
from mnv3.tools.files.write import make_folder, named_errors, write_json
from mnv3.tools.machine.parallel import map_tasks
from mnv3.tools.text.plain import listed

VERSION = 1
"""Of the label files: raised when the same JSON gives others."""

STAMP = "drawn.json"
"""File beside the label files: which JSON they are of, and which images; written last."""

BYTES = 5_000
"""Usual size of a label file, for the room that is needed."""

FEWEST_A_PROCESS = 200
"""Label maps; fewer are drawn before a new process has started."""


class Drawn(NamedTuple):
    """Files of the images that have a label file, and how many the JSON lists."""

    files: tuple[str, ...]
    listed: int


def open_coco(dataset: Any, root: Path, split: str, log: Log) -> Place:
    """Find a split, whose label files are drawn by `Place.draw`. Raises UserError as `find_coco`."""
    instances, images = find_coco(root, split, INSTANCES)
    place = Place(instances.parent.parent, {}, {}, VOC, VOC_IGNORED, stored=True)
    return place._replace(draw=partial(_with_labels, place, instances, images, split))


def _with_labels(place: Place, instances: Path, images: Path, split: str, folder: Path, log: Log) -> Place:
    drawn = _drawn_before(folder, instances, split) or _draw(folder, instances, split, log)
    if split == "train":
        log(
            f"coco, train: {len(drawn.files)} of {drawn.listed} images have objects of VOC's classes of more than "
            f"{LEAST_AREA} pixels in all; the others are left out, as in torchvision's training."
        )
    present = frozenset(os.listdir(images))
    names = {os.path.splitext(file)[0]: file for file in drawn.files}
    return place._replace(
        images={name: images / file for name, file in names.items() if file in present},
        labels={name: folder / f"{name}.png" for name in names},
    )


def _stamp(instances: Path, split: str) -> dict[str, Any]:
    """Return what identifies the label files of a JSON."""
    file = instances.stat()
    return {"version": VERSION, "split": split, "size": file.st_size, "modified": file.st_mtime_ns}


def _drawn_before(folder: Path, instances: Path, split: str) -> Drawn | None:
    """Return the label files in `folder` if all are there and of this JSON."""
    try:
        content = json.loads((folder / STAMP).read_text())
        drawn = Drawn(tuple(content["files"]), content["listed"])
        fresh = content["of"] == _stamp(instances, split)
    except (OSError, ValueError, KeyError, TypeError):
        return None
    present = frozenset(os.listdir(folder))
    return drawn if fresh and all(f"{os.path.splitext(file)[0]}.png" in present for file in drawn.files) else None


def _draw(folder: Path, instances: Path, split: str, log: Log) -> Drawn:
    """Draw all label files. Raises UserError: mistakes in the JSON, no room."""
    stamp = _stamp(instances, split)  # before reading, so that a change meanwhile makes them outdated
    log(f"coco, {split}: reading the outlines of objects in {instances}.")
    outlines = read_outlines(instances, split)
    try:
        make_folder(folder)
        with named_errors(folder / STAMP):
            (folder / STAMP).unlink(missing_ok=True)
    except UserError as error:
        raise UserError(f"{error.problems[0]} data.cache=DIR names another folder for label files.") from error
    count, start = len(outlines.images), time.perf_counter()
    log(
        f"coco, {split}: drawing label files of VOC's 21 classes for {count} of {outlines.listed} images into "
        f"{folder}, about {count * BYTES / 1e6:.1f} MB. Later calls use them."
    )
    free = shutil.disk_usage(folder).free
    if count * BYTES > free:
        raise UserError(f"No room in {folder}: {count * BYTES / 1e6:.0f} MB are needed, {free / 1e6:.0f} MB are free.")
    work = partial(write_label_file, folder)
    found = map_tasks(work, outlines.images, None, _reporter(log, split, count), FEWEST_A_PROCESS)
    if problems := [problem for problem in found if problem]:
        raise UserError(f"{instances}: outlines that cannot be drawn, in {len(problems)} images: {listed(problems)}.")
    files = tuple(image.file_name for image in outlines.images)
    size = sum((folder / f"{image.name}.png").stat().st_size for image in outlines.images)
    write_json(folder / STAMP, {"of": stamp, "listed": outlines.listed, "files": files})
    log(f"coco, {split}: {count} label files drawn in {time.perf_counter() - start:.0f} s, {size / 1e6:.1f} MB.")
    return Drawn(files, outlines.listed)


def _reporter(log: Log, split: str, total: int) -> Callable[[int], None]:
    """Return a `progress` that logs every tenth of many files."""

    def report(done: int) -> None:
        if total >= 1000 and done * 10 // total != (done - 1) * 10 // total:
            log(f"coco, {split}: {done} of {total} label files drawn")

    return report
