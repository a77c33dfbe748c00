"""Readers of the detection data sets."""

from pathlib import Path
from typing import Any

from mnv3.ssdlite.data.coco.annotations import MAX_BOXES, CocoData, load_coco
from mnv3.ssdlite.data.coco.file_names import as_on_disk, missing_files, nearest
from mnv3.ssdlite.data.formats.folder import open_folder
from mnv3.ssdlite.data.voc.read import load_voc
from mnv3.tools.data.coco import INSTANCES, coco_reader, find_coco
from mnv3.tools.data.folder.share import SPLIT_NAMES
from mnv3.tools.data.reader import Log, Reader, read
from mnv3.tools.data.voc import find_split, voc_reader
from mnv3.tools.errors import Absent, UserError
from mnv3.tools.streets import ensure_coco
from mnv3.tools.text.plain import listed

COCO_SPLITS = {
    **INSTANCES,
    "test-dev": ("image_info_test-dev2017.json", "test2017"),
    "test": ("image_info_test2017.json", "test2017"),
}
"""COCO 2017. The boxes of the test splits are not public."""


def open_dataset(dataset: Any, data: Any, split: str, log: Log = print) -> CocoData:
    """Open and check the `split` of the configured data set; `streets` is drawn on first use.

    `dataset`, `data`: the configuration's sections of these names. Logs the data used and each oddity worked around.
    Raises UserError: not found (Absent, with the expected place and how to get it), mistakes in the JSON, missing image
    files (unless data.on_error is "skip").
    """
    loaded = read(READERS, dataset, Path(data.root).expanduser(), split, log)
    opened, spellings = as_on_disk(loaded)
    hint = " (others: dataset=coco, voc, boxes; `mnv3 data list`)" if dataset.name == "streets" else ""
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
    return _load(dataset, *find_coco(root, split, COCO_SPLITS))


def _voc(dataset: Any, root: Path, split: str, log: Log) -> CocoData:
    return load_voc(find_split(root, "Main", split), split, dataset.class_slots, dataset.get("max_boxes", MAX_BOXES))


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
    "boxes": Reader(open_folder, SPLIT_NAMES, "yours", "yours", "dataset.path=DIR"),
    "coco": coco_reader(_coco, tuple(COCO_SPLITS)),
    "coco_json": Reader(
        _coco_json, ("train", "val"), "yours", "yours", "dataset.{train,val}_json=, dataset.{train,val}_images="
    ),
    "voc": voc_reader(_voc),
}
