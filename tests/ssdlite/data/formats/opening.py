"""Open a folder of boxes as the command line does."""

from pathlib import Path
from typing import Any

from omegaconf import OmegaConf

from mnv3.ssdlite.data.coco.annotations import CocoData
from mnv3.ssdlite.data.sets import open_dataset

KEYS = {"format": None, "val_share": 0.2, "seed": 0, "class_slots": "contiguous", "max_boxes": 100}


def opened(
    folder: Path, split: str = "train", lines: list[str] | None = None, on_error: str = "raise", **keys: Any
) -> CocoData:
    """The `split` of `folder`; what is logged is added to `lines`."""
    dataset = OmegaConf.create({"name": "boxes", "path": str(folder), **KEYS, **keys})
    data = OmegaConf.create({"root": "nowhere", "on_error": on_error})
    return open_dataset(dataset, data, split, (lines if lines is not None else []).append)
