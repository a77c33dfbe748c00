"""A tiny data set of one's own masks: a square thing on a background."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from omegaconf import DictConfig, OmegaConf
from PIL import Image

from mnv3.lraspp.data.frames import FrameData
from mnv3.lraspp.data.sets import open_dataset
from tests.lraspp.data.files import section, silent

BLACK, RED, GREEN, WHITE = (0, 0, 0), (255, 0, 0), (0, 255, 0), (255, 255, 255)

Save = Callable[[np.ndarray, Path, int], None]
"""Writes label values [H, W] uint8, 0 and 1, to a path; with the file's number."""


class Masks:
    """Three training and two validation frames of 32x48; `save` writes the label files."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.names = folder / "names.txt"
        self.names.write_text("background\nthing\n")

    def write(self, save: Save) -> "Masks":
        rng = np.random.default_rng(0)
        for number in range(5):
            split = "train" if number < 3 else "val"
            values = np.zeros((32, 48), np.uint8)
            values[8:20, 10 + number : 30] = 1
            for part in ("images", "labels"):
                (self.folder / split / part).mkdir(parents=True, exist_ok=True)
            image = rng.integers(0, 80, (32, 48, 3), dtype=np.uint8) + values[..., None] * 150
            Image.fromarray(image.astype(np.uint8)).save(self.folder / split / "images" / f"{number}.png")
            save(values, self.folder / split / "labels" / f"{number}.png", number)
        return self

    def keys(self, *splits: str) -> dict[str, str]:
        """Of the configuration's `dataset`."""
        parts = [(split, part) for split in splits or ("train", "val") for part in ("images", "labels")]
        paths = {f"{split}_{part}": str(self.folder / split / part) for split, part in parts}
        return {"names": str(self.names), **paths}

    def opened(self, split: str = "train", ignore: int | None = 255) -> FrameData:
        return open_dataset(self.dataset(ignore), section(self.folder), split, silent)

    def dataset(self, ignore: int | None = 255) -> DictConfig:
        return OmegaConf.create({"name": "mask_folder", "ignore": ignore, **self.keys()})


def grey(values: np.ndarray, path: Path, number: int) -> None:
    """As it is."""
    Image.fromarray(values).save(path)


def painted(values: np.ndarray, path: Path, *colours: tuple[int, ...]) -> None:
    """With a palette."""
    image = Image.fromarray(values, mode="P")
    image.putpalette([channel for colour in colours for channel in colour])
    image.save(path)
