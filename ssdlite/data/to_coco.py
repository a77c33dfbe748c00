"""`mnv3 data convert`: boxes of any data set to COCO JSON in a folder for each split, checked by reading back.

Images are copied, not linked: a link would let a change of the copy change the original.
"""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from omegaconf import DictConfig

from mnv3.ssdlite.data.coco.annotations import CocoData
from mnv3.ssdlite.data.sets import READERS, open_dataset
from mnv3.ssdlite.data.verdict import check_same_classes
from mnv3.tools.data.convert import (
    content_of,
    copy_names,
    new_folder,
    open_present,
    raise_if_different,
    renamed,
)
from mnv3.tools.data.reader import Log
from mnv3.tools.data.survey import look_at_all
from mnv3.tools.errors import UserError
from mnv3.tools.files.write import write_bytes, write_text
from mnv3.tools.images.read import read_image
from mnv3.tools.text.plain import listed

LABELS = "_annotations.coco.json"
"""Roboflow's name of the label file in each split's folder."""

ROUNDING = 0.01
"""Pixels by which a box may differ when it is read back."""


def convert(dataset: Any, data: Any, split: str | None, out: Path, log: Log) -> str:
    """Write `split`, or all that there are, into the new folder `out`. Return a sentence on what was written.

    Raises UserError: the data cannot be opened, images cannot be read (unless data.on_error is "skip", which leaves
    them out), `out` is not empty, or what is read back differs.
    """
    opened = open_present(split, READERS[dataset.name].splits, lambda name: open_dataset(dataset, data, name, log))
    first = next(iter(opened.values()))
    for other in opened.values():
        check_same_classes(first, other)
    with new_folder(out, dataset) as folder:
        written = {name: _write(found, name, folder, data.on_error, log) for name, found in opened.items()}
        differing = [
            line
            for name, (found, names) in written.items()
            for line in _differences(found, names, name, folder, dataset, log)
        ]
        raise_if_different(differing, out)
    log("Images, classes, boxes, areas and crowds (objects marked as difficult) are kept; outlines are not.")
    counts = ", ".join(f"{name} {len(found):,}" for name, (found, _) in written.items())
    boxes = sum(len(found.boxes) for found, _ in written.values())
    return f"COCO JSON: {counts} images with {boxes:,} boxes of {len(first.categories)} classes in {out}, read back."


def _write(found: CocoData, split: str, folder: Path, on_error: str, log: Log) -> tuple[CocoData, list[str]]:
    """Write a split; return the images written and the names of their copies."""
    place = folder / split
    place.mkdir()
    names = copy_names(found.file_names.tolist())

    def one(index: int) -> str | None:
        try:
            read_image(found.path(index), tuple(found.sizes[index].tolist()))
            content = content_of(found.path(index))
        except UserError as error:
            return " ".join(error.problems)
        write_bytes(place / names[index], content)
        return None

    problems = look_at_all(one, len(found), log, f"{split}: copying images")
    broken = [problem for problem in problems if problem]
    if broken:
        sentence = f"{split}: {len(broken)} of {len(found)} images cannot be read: {listed(broken)}"
        if on_error == "raise":
            raise UserError(f"{sentence} To leave them out: data.on_error=skip.")
        log(f"{sentence} They are left out.")
    for line in renamed(found.file_names.tolist(), names):
        log(line)
    kept = np.array([not problem for problem in problems])
    names = [name for name, keep in zip(names, kept, strict=True) if keep]
    found = found if kept.all() else _only(found, kept)
    if not len(found):
        raise UserError(f"{split}: no image can be read.")
    write_text(place / LABELS, json.dumps(_document(found, names)))
    return found, names


def _only(found: CocoData, kept: np.ndarray) -> CocoData:
    """Return the images `kept` [I] bool, with their annotations."""
    counts = np.diff(found.starts)
    rows = np.repeat(kept, counts)
    return replace(
        found,
        **{key: getattr(found, key)[kept] for key in ("image_ids", "file_names", "sizes")},
        **{key: getattr(found, key)[rows] for key in ("boxes", "category_ids", "crowd", "areas")},
        starts=np.concatenate([[0], np.cumsum(counts[kept])]),
    )


def _document(found: CocoData, names: list[str]) -> dict[str, Any]:
    document = found.ground_truth()
    for image, name in zip(document["images"], names, strict=True):
        image["file_name"] = name
    if not found.has_annotations:
        del document["annotations"]
    return document


def _differences(
    found: CocoData, names: list[str], split: str, folder: Path, dataset: Mapping[str, Any], log: Log
) -> list[str]:
    """Open a written split as `dataset=boxes` does; return how it differs from `found`."""
    keys = {"format": None, "val_share": 0, "seed": 0, "class_slots": dataset["class_slots"], "max_boxes": 1}
    again = DictConfig({"name": "boxes", "path": str(folder), **keys})
    back = open_dataset(again, DictConfig({"root": str(folder), "on_error": "raise"}), split, lambda line: None)
    same = {
        "classes": back.categories == found.categories and back.num_slots == found.num_slots,
        "images": back.file_names.tolist() == [f"{split}/{name}" for name in names],
        **{
            what: np.array_equal(getattr(back, key), getattr(found, key))
            for key, what in {
                "image_ids": "image ids",
                "sizes": "image sizes",
                "starts": "numbers of boxes",
                "category_ids": "classes of boxes",
                "crowd": "crowds",
            }.items()
        },
        "annotated": back.has_annotations == found.has_annotations,
    }
    if all(same.values()):
        same["boxes"] = np.allclose(back.boxes, found.boxes, rtol=0, atol=ROUNDING)
        same["areas"] = np.allclose(back.areas, found.areas, rtol=1e-6, atol=ROUNDING)
        equal = look_at_all(
            lambda index: content_of(found.path(index)) == content_of(back.path(index)),
            len(found),
            log,
            f"{split}: reading back",
        )
        same["image files"] = all(equal)
    return [f"{split}: {what}" for what, is_equal in same.items() if not is_equal]
