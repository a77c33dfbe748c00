"""Helpers of the tests of frames: configuration sections, damaged files."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from omegaconf import DictConfig, OmegaConf
from PIL import Image

from mnv3.lraspp.data.frames import FrameData
from mnv3.lraspp.data.sets import open_dataset

CITYSCAPES = OmegaConf.create({"name": "cityscapes"})


def section(root: Path, on_error: str = "raise", cache: Path | None = None) -> DictConfig:
    """The configuration's `data`."""
    return OmegaConf.create({"root": str(root), "on_error": on_error, "cache": str(cache) if cache else None})


def silent(line: str) -> None:
    """A log that nobody reads."""


def opened(root: Path, split: str = "train", log: Callable[[str], None] = silent, **keys: Any) -> FrameData:
    """A split of the Cityscapes data set below `root`."""
    return open_dataset(CITYSCAPES, section(root, **keys), split, log)


def label_of(data: FrameData, index: int) -> Path:
    """The label file of a frame that has one."""
    label = data.frames[index].label
    assert label is not None
    return label


def values_of(path: Path) -> np.ndarray:
    """What a label file holds, by Pillow alone."""
    return np.array(Image.open(path))


def change_values(path: Path, change: Callable[[np.ndarray], np.ndarray]) -> None:
    """Rewrite a label file."""
    Image.fromarray(change(values_of(path))).save(path)
