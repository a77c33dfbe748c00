"""COCO 2017 in its official layout, for detection and segmentation."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from mnv3.tools.data.reader import Log, Reader
from mnv3.tools.errors import Absent, UserError

T = TypeVar("T")

INSTANCES = {
    "train": ("instances_train2017.json", "train2017"),
    "val": ("instances_val2017.json", "val2017"),
}
"""By split: file in annotations/ and folder of images."""


def find_coco(root: Path, split: str, table: Mapping[str, tuple[str, str]]) -> tuple[Path, Path]:
    """Return the JSON and the folder of images of a split of `table` in the data root or its folder coco.
    Raises Absent if neither exists, UserError if only one does."""
    json_name, images_name = table[split]
    places = [(folder / "annotations" / json_name, folder / images_name) for folder in (root / "coco", root)]
    for json, images in places:
        if json.is_file() and images.is_dir():
            return json, images
    expected = " or ".join(f"{json} with {images}{os.sep}" for json, images in places)
    half = any(json.is_file() or images.is_dir() for json, images in places)
    raise (UserError if half else Absent)(
        f"COCO 2017 {split} was not found: expected {expected}. "
        "Download it with `mnv3 data get coco`, or set data.root=DIR (or MNV3_DATA=DIR) to its folder."
    )


def coco_reader(open_split: Callable[[Any, Path, str, Log], T], splits: tuple[str, ...]) -> Reader[T]:
    """Return the row of a task's table of data sets."""
    return Reader(
        open_split,
        splits,
        "20.4 GB (parts=[val]: 1.1 GB)",
        "annotations CC BY 4.0; photos: Flickr's terms",
        "mnv3 data get coco",
        ("coco/annotations", "annotations"),
        get=_get,
    )


def _get(root: Path, settings: Any) -> None:
    from mnv3.tools.data.get_coco import get_coco

    get_coco(root / "coco", settings.parts, settings.address, dry=settings.dry)
