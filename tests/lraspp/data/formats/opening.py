"""Open a folder of masks as the command line does."""

from pathlib import Path
from typing import Any

import numpy as np
from omegaconf import DictConfig, OmegaConf

from mnv3.lraspp.data.frames import FrameData
from mnv3.lraspp.data.labels.file import read_values
from mnv3.lraspp.data.sets import open_dataset
from tests.lraspp.data.files import section

KEYS = {"format": None, "names": None, "classes": None, "ignore": "auto", "label_suffix": None}


def configured(folder: Path, **keys: Any) -> DictConfig:
    """The configuration's `dataset`."""
    share = {"val_share": 0.2, "seed": 0}
    return OmegaConf.create({"name": "masks", "path": str(folder), **KEYS, **share, **keys})


def opened(
    folder: Path, split: str = "train", lines: list[str] | None = None, on_error: str = "raise", **keys: Any
) -> FrameData:
    """The `split` of `folder`; what is logged is added to `lines`. Label files are drawn beside the folder."""
    data = section(folder.parent / "root", on_error)
    return open_dataset(configured(folder, **keys), data, split, (lines if lines is not None else []).append)


def classes_of(data: FrameData) -> dict[str, np.ndarray]:
    """Class indices [H, W] by the last part of the frame's name."""
    return {frame.name.rpartition("/")[2]: data.table[read_values(frame.label)] for frame in data.frames if frame.label}
