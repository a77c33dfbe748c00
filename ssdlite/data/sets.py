"""The data sets of detection: where their files are, and what to do when they are not there."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from mnv3.ssdlite.data.coco.annotations import MAX_BOXES, CocoData, load_coco
from mnv3.ssdlite.data.coco.file_names import as_on_disk, missing_files, nearest
from mnv3.tools.errors import Absent, UserError
from mnv3.tools.streets import ensure_coco
from mnv3.tools.text.plain import listed


class Place(NamedTuple):
    """The two things that a split is made of."""

    json: Path
    images: Path


COCO_SPLITS = {
    "train": ("instances_train2017.json", "train2017"),
    "val": ("instances_val2017.json", "val2017"),
    "test-dev": ("image_info_test-dev2017.json", "test2017"),
    "test": ("image_info_test2017.json", "test2017"),
}
"""COCO 2017: file in annotations/ and folder of images. The boxes of the test splits are not public."""


def open_dataset(dataset: Any, data: Any, split: str, log: Callable[[str], None] = print) -> CocoData:
    """The `split` of the configured data set, checked; `streets` is drawn on first use.

    `dataset`, `data`: the sections of the configuration of these names. `log` gets a line on what is used, and one for
    each oddity that is worked around. Raises UserError: not there (Absent; where it was looked for and how to get it),
    mistakes in the JSON, image files missing (unless data.on_error is "skip").
    """
    if dataset.name not in PLACES:
        raise UserError(
            f"Data set {dataset.name} is for segmentation: add task=lraspp. Detection (task=ssdlite) has "
            f"{', '.join(PLACES)}."
        )
    place = PLACES[dataset.name](dataset, Path(data.root).expanduser(), split, log)
    loaded = load_coco(place.json, place.images, dataset.class_slots, dataset.get("max_boxes", MAX_BOXES))
    opened, spellings = as_on_disk(loaded)
    hint = " (others: dataset=coco, dataset=coco_json; `mnv3 data list`)" if dataset.name == "streets" else ""
    log(f"Data set {dataset.name}, {split}: {len(opened)} images in {place.images}{hint}.")
    for remark in (*opened.remarks(), *spellings):
        log(remark)
    missing = missing_files(opened)
    if missing:
        sentence = (
            f"{len(missing)} of {len(opened)} images of {place.json} are not in {place.images}: {listed(missing)}."
            f"{nearest(opened, missing[0])}"
        )
        if data.on_error == "raise":
            raise UserError(f"{sentence} To go on without them: data.on_error=skip.")
        log(sentence)
    return opened


def _streets(dataset: Any, root: Path, split: str, log: Callable[[str], None]) -> Place:
    _check_split("streets", split, ("train", "val"))
    size = dataset.height, dataset.width
    folder = ensure_coco(root, seed=dataset.seed, train=dataset.train, val=dataset.val, image_size=size, log=log)
    return Place(folder / "annotations" / f"instances_{split}.json", folder / split)


def _coco(dataset: Any, root: Path, split: str, log: Callable[[str], None]) -> Place:
    _check_split("coco", split, COCO_SPLITS)
    json_name, images_name = COCO_SPLITS[split]
    places = [Place(folder / "annotations" / json_name, folder / images_name) for folder in (root / "coco", root)]
    for place in places:
        if place.json.is_file() and place.images.is_dir():
            return place
    expected = " or ".join(f"{place.json} with {place.images}{os.sep}" for place in places)
    half = any(place.json.is_file() or place.images.is_dir() for place in places)
    raise (UserError if half else Absent)(
        f"COCO 2017 {split} is not there: expected {expected}. "
        "`mnv3 data get coco` gets it; data.root=DIR (or MNV3_DATA=DIR) says where it is."
    )


def _coco_json(dataset: Any, root: Path, split: str, log: Callable[[str], None]) -> Place:
    _check_split("coco_json", split, ("train", "val"))
    given = {key: dataset[key] for key in (f"{split}_json", f"{split}_images")}
    problems = [f"dataset=coco_json needs dataset.{key}." for key, value in given.items() if not value]
    if problems:
        raise (UserError if any(given.values()) else Absent)(*problems)
    place = Place(*(Path(value).expanduser() for value in given.values()))
    if not place.json.is_file():
        problems.append(f"dataset.{split}_json: there is no file {place.json}.")
    if not place.images.is_dir():
        problems.append(f"dataset.{split}_images: there is no folder {place.images}.")
    if problems:
        raise UserError(*problems)
    return place


def _check_split(name: str, split: str, splits: Any) -> None:
    if split not in splits:
        raise UserError(f"Data set {name} has no split '{split}'; it has {', '.join(splits)}.")


PLACES = {"streets": _streets, "coco": _coco, "coco_json": _coco_json}
"""Data set name -> its files."""
