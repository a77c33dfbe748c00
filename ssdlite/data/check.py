"""Check every image and box of a split before training."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from omegaconf import DictConfig
from torch import Tensor

from mnv3.ssdlite.data.advice import on_both, on_training
from mnv3.ssdlite.data.coco.annotations import CocoData
from mnv3.ssdlite.data.sets import open_dataset
from mnv3.ssdlite.data.sizes import automatic_size
from mnv3.ssdlite.data.verdict import check_same_classes, faults
from mnv3.tools.data.duplicates import report_duplicates
from mnv3.tools.data.splits import open_splits
from mnv3.tools.data.survey import COLUMNS, PICTURE_SIDE, histogram, look_at_all, spread
from mnv3.tools.drawing.boxes import draw_boxes, mosaic, save_image
from mnv3.tools.drawing.paint import class_colour
from mnv3.tools.errors import UserError
from mnv3.tools.files.write import write_json
from mnv3.tools.images.read import read_image

SIZES = {"small": 32**2, "medium": 96**2, "large": np.inf}
"""COCO's size classes: boxes below this area, in pixels of the original image."""


def check(dataset: Any, data: Any, split: str | None, out: Path, size: tuple[int, int] | None) -> list[str]:
    """Check `split`, or train and val if None, for `mnv3 data check`; return what makes the data unusable.

    `size`: (h, w) of the network's input, None for the one that training would choose.
    """
    lenient = DictConfig({**data, "on_error": "skip"})  # a missing image is a finding here
    problems: list[str] = []
    seen: dict[str, CocoData] = {}
    for name, opened in open_splits(split, lambda name: open_dataset(dataset, lenient, name, print), problems):
        seen[name] = opened
        problems += check_split(opened, name, out, print)
    if len(seen) == 2:
        try:
            check_same_classes(seen["train"], seen["val"])
        except UserError as error:
            problems += error.problems
        report_duplicates(_paths(seen["train"]), _paths(seen["val"]), out, print)
    for remark in _advice(seen, size):
        print(remark)
    return list(dict.fromkeys(problems))


def _advice(seen: Mapping[str, CocoData], size: tuple[int, int] | None) -> list[str]:
    """Return remarks on what a training on usable data gets wrong."""
    train, val = seen.get("train"), seen.get("val")
    if train is None or not train.trainable.any():
        return []
    remarks = on_training(train, size or automatic_size(train))
    return [*remarks, *(on_both(train, val) if val is not None and val.categories == train.categories else [])]


def _paths(data: CocoData) -> list[Path]:
    return [data.path(index) for index in range(len(data))]


def check_split(data: CocoData, name: str, out: Path, log: Callable[[str], None]) -> list[str]:
    """Read every image; write `out`/`name`.json (all findings) and `out`/`name`.png (a mosaic with boxes).

    Logs a summary by `log`. Returns a sentence for each problem that makes the split unusable.
    """
    unreadable = _unreadable(data)
    findings = _findings(data, unreadable)
    write_json(out / f"{name}.json", findings)
    for line in _summary(findings):
        log(line)
    picture = _mosaic(data)
    if picture is not None:
        save_image(picture, out / f"{name}.png")
        log(f"  Mosaic with boxes: {out / f'{name}.png'}; all findings: {out / f'{name}.json'}")
    problems = []
    if unreadable:
        first, where = next(iter(unreadable.values())), out / f"{name}.json"
        problems.append(f"{name}: {len(unreadable)} of {len(data)} images cannot be read (all: {where}): {first}")
    return problems + faults(data, name)


def _unreadable(data: CocoData) -> dict[str, str]:
    """Return file name -> problem."""

    def problem(index: int) -> str | None:
        try:
            read_image(data.path(index), tuple(data.sizes[index].tolist()))
        except UserError as error:
            return " ".join(error.problems)
        return None

    problems = look_at_all(problem, len(data))
    return {str(data.file_names[index]): text for index, text in enumerate(problems) if text}


def _findings(data: CocoData, unreadable: dict[str, str]) -> dict[str, Any]:
    owners = np.repeat(data.file_names, np.diff(data.starts))
    empty = ~data.trainable & ~data.crowd
    areas = (data.corners[:, 2:] - data.corners[:, :2]).prod(axis=1)[data.trainable]
    size_class = np.searchsorted(list(SIZES.values()), areas, side="right")
    same = _repeated_boxes(data)
    counts = {category.id: int((data.category_ids == category.id).sum()) for category in data.categories}
    return {
        "json": str(data.source),
        "images_folder": str(data.images_dir),
        "images": len(data),
        "images_without_boxes": int((np.diff(data.starts) == 0).sum()),
        "height": [int(data.sizes[:, 0].min()), int(data.sizes[:, 0].max())],
        "width": [int(data.sizes[:, 1].min()), int(data.sizes[:, 1].max())],
        "boxes": len(data.boxes),
        "crowds": int(data.crowd.sum()),
        "trainable_boxes": int(data.trainable.sum()),
        "boxes_by_size": dict(zip(SIZES, np.bincount(size_class, minlength=len(SIZES)).tolist(), strict=True)),
        "boxes_by_class": {category.name: counts[category.id] for category in data.categories},
        "most_boxes_in_an_image": int(np.diff(data.starts).max()),
        "boxes_of_no_size": _places(owners, data.boxes, empty),
        "boxes_reaching_outside": _places(owners, data.boxes, data.outside & ~empty),
        "boxes_given_twice": _places(owners, data.boxes, same),
        "boxes_beyond_max_boxes": _places(owners, data.boxes, data.beyond),
        "unreadable": unreadable,
    }


def _repeated_boxes(data: CocoData) -> np.ndarray:
    """Return [A] bool: whether an earlier annotation of the image has the same box and class."""
    image = np.repeat(np.arange(len(data)), np.diff(data.starts))
    rows = np.column_stack([image, data.category_ids, data.boxes])
    repeated = np.ones(len(rows), dtype=bool)
    repeated[np.unique(rows, axis=0, return_index=True)[1]] = False
    return repeated


def _places(owners: np.ndarray, boxes: np.ndarray, mask: np.ndarray) -> list[dict[str, Any]]:
    return [{"image": str(owner), "bbox": box} for owner, box in zip(owners[mask], boxes[mask].tolist(), strict=True)]


def _summary(findings: dict[str, Any]) -> list[str]:
    (low, high), (narrow, wide) = findings["height"], findings["width"]
    sizes = ", ".join(f"{count:,} {name}" for name, count in findings["boxes_by_size"].items())
    empty, unreadable = findings["images_without_boxes"], len(findings["unreadable"])
    images = f"{findings['images']:,} images, {narrow}-{wide} x {low}-{high} pixels"
    boxes = f"{findings['boxes']:,} boxes ({sizes}), {findings['crowds']:,} crowds"
    lines = [
        f"  {images}; {empty:,} without boxes, {unreadable:,} unreadable",
        f"  {boxes}; at most {findings['most_boxes_in_an_image']} in an image",
    ]
    for key in ("boxes_of_no_size", "boxes_reaching_outside", "boxes_given_twice", "boxes_beyond_max_boxes"):
        if findings[key]:
            lines.append(f"  {len(findings[key]):,} {key.replace('_', ' ')}, e.g. in {findings[key][0]['image']}")
    return lines + histogram(findings["boxes_by_class"])


def _mosaic(data: CocoData) -> Tensor | None:
    """Draw images with their boxes, evenly spaced among those with boxes, if any. None if none is readable."""
    with_boxes = np.flatnonzero(np.diff(data.starts))
    pool = with_boxes if len(with_boxes) else np.arange(len(data))
    pictures = []
    for index in spread(pool.tolist()):
        try:
            image = read_image(data.path(index), tuple(data.sizes[index].tolist()))
        except UserError:
            continue
        boxes, slots = data.training_boxes(index)
        names = [data.categories_by_slot[slot].name for slot in slots.tolist()]
        colours = [class_colour(slot) for slot in slots.tolist()]
        picture = draw_boxes(image, torch.from_numpy(boxes), names, colours, longest=PICTURE_SIDE)
        pictures.append(picture)
    return mosaic(pictures, COLUMNS) if pictures else None
