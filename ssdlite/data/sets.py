"""Readers of the detection data sets."""

import os
from pathlib import Path
from typing import Any

from mnv3.ssdlite.data.coco.annotations import MAX_BOXES, CocoData, load_coco
from mnv3.ssdlite.data.coco.file_names import as_on_disk, missing_files, nearest
from mnv3.ssdlite.data.coco.get import get_coco
from mnv3.tools.data.reader import Log, Reader, read
from mnv3.tools.errors import Absent, UserError
from mnv3.tools.streets import ensure_coco
from mnv3.tools.text.plain import listed

COCO_SPLITS = {
    "train": ("instances_train2017.json", "train2017"),
    "val": ("instances_val2017.json", "val2017"),
    "test-dev": ("image_info_test-dev2017.json", "test2017"),
    "test": ("image_info_test2017.json", "test2017"),
}
"""COCO 2017: file in annotations/ and folder of images. The boxes of the test splits are not public."""


def open_dataset(dataset: Any, data: Any, split: str, log: Log = print) -> CocoData:
    """Open and check the `split` of the configured data set; `streets` is drawn on first use.

    `dataset`, `data`: the configuration's sections of these names. Logs the data used and each oddity worked around.
    Raises UserError: not found (Absent, with the expected place and how to get it), mistakes in the JSON, missing image
    files (unless data.on_error is "skip").
    """
    loaded = read(READERS, dataset, Path(data.root).expanduser(), split, log)
    opened, spellings = as_on_disk(loaded)
    hint = " (others: dataset=coco, dataset=coco_json; `mnv3 data list`)" if dataset.name == "streets" else ""
    log(f"Data set {dataset.name}, {split}: {len(opened)} images in {opened.images_dir}{hint}.")
    for remark in (*opened.remarks(), *spellings):
        log(remark)
    missing = missing_files(opened)
    if missing:
        sentence = (
            f"{len(missing)} of {len(opened)} images of {opened.source} are not in {opened.images_dir}: "
            f"{listed(missing)}.{nearest(opened, missing[0])}"
        )
        if data.on_error == "raise":
            raise UserError(f"{sentence} To continue without them: data.on_error=skip.")
        log(sentence)
    return opened


def _streets(dataset: Any, root: Path, split: str, log: Log) -> CocoData:
    size = dataset.height, dataset.width
    folder = ensure_coco(root, seed=dataset.seed, train=dataset.train, val=dataset.val, image_size=size, log=log)
    return _load(dataset, folder / "annotations" / f"instances_{split}.json", folder / split)


def _coco(dataset: Any, root: Path, split: str, log: Log) -> CocoData:
    json_name, images_name = COCO_SPLITS[split]
    places = [(folder / "annotations" / json_name, folder / images_name) for folder in (root / "coco", root)]
    for json, images in places:
        if json.is_file() and images.is_dir():
            return _load(dataset, json, images)
    expected = " or ".join(f"{json} with {images}{os.sep}" for json, images in places)
    half = any(json.is_file() or images.is_dir() for json, images in places)
    raise (UserError if half else Absent)(
        f"COCO 2017 {split} was not found: expected {expected}. "
        "Download it with `mnv3 data get coco`, or set data.root=DIR (or MNV3_DATA=DIR) to its folder."
    )


def _coco_json(dataset: Any, root: Path, split: str, log: Log) -> CocoData:
    given = {key: dataset[key] for key in (f"{split}_json", f"{split}_images")}
    problems = [f"dataset=coco_json needs dataset.{key}." for key, value in given.items() if not value]
    if problems:
        raise (UserError if any(given.values()) else Absent)(*problems)
    json, images = (Path(value).expanduser() for value in given.values())
    if not json.is_file():
        problems.append(f"dataset.{split}_json: there is no file {json}.")
    if not images.is_dir():
        problems.append(f"dataset.{split}_images: there is no folder {images}.")
    if problems:
        raise UserError(*problems)
    return _load(dataset, json, images)


def _load(dataset: Any, json: Path, images: Path) -> CocoData:
    return load_coco(json, images, dataset.class_slots, dataset.get("max_boxes", MAX_BOXES))


READERS: dict[str, Reader[CocoData]] = {
    "streets": Reader(_streets, ("train", "val"), "60 MB", "ours", "drawn on first use", ("streets/coco-*",)),
    "coco": Reader(
        _coco,
        tuple(COCO_SPLITS),
        "20.4 GB (parts=[val]: 1.1 GB)",
        "annotations CC BY 4.0; photos: Flickr's terms",
        "mnv3 data get coco",
        ("coco/annotations", "annotations"),
        get=lambda root, settings: get_coco(
            root / "coco", settings.parts, settings.address.rstrip("/"), dry=settings.dry
        ),
    ),
    "coco_json": Reader(
        _coco_json, ("train", "val"), "yours", "yours", "dataset.{train,val}_json=, dataset.{train,val}_images="
    ),
}
