"""Writes a tiny data set in Cityscapes' layout, for tests that need its files and not its content."""

from pathlib import Path

import numpy as np
from PIL import Image

CITIES = {"train": ("aachen", "bochum"), "val": ("frankfurt", "lindau"), "test": ("berlin",)}

EVERY_ID = np.arange(34, dtype=np.uint8)
"""Cityscapes' label ids, void ones included."""

FIRST_THING = 24
"""Label ids from this one up are countable."""


def write_cityscapes(
    root: Path, *, train: int = 3, val: int = 2, test: int = 1, size: tuple[int, int] = (48, 96), seed: int = 0
) -> Path:
    """Write leftImg8bit/ and gtFine/ (labelIds and instanceIds; none for test) below `root` and return it.

    `train`, `val`, `test`: frames. `size`: height and width. Images are noise; a label map has blocks of 8x8 pixels of
    random ids out of all 34, each block of a thing an instance of its own.
    """
    rng = np.random.default_rng(seed)
    for split, frames in (("train", train), ("val", val), ("test", test)):
        for number in range(frames):
            city = CITIES[split][number % len(CITIES[split])]
            name = f"{city}_{number:06d}_000019"
            blocks = rng.choice(EVERY_ID, (-(-size[0] // 8), -(-size[1] // 8)))
            numbers = np.arange(blocks.size).reshape(blocks.shape)
            instances = np.where(blocks >= FIRST_THING, blocks.astype(np.uint16) * 1000 + numbers, blocks)
            image = rng.integers(0, 256, (*size, 3), dtype=np.uint8)
            _save(image, root / "leftImg8bit" / split / city / f"{name}_leftImg8bit.png")
            if split != "test":
                folder = root / "gtFine" / split / city
                _save(_blown_up(blocks, size), folder / f"{name}_gtFine_labelIds.png")
                _save(_blown_up(instances.astype(np.uint16), size), folder / f"{name}_gtFine_instanceIds.png")
    return root


def _blown_up(blocks: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    return blocks.repeat(8, axis=0).repeat(8, axis=1)[: size[0], : size[1]]


def _save(pixels: np.ndarray, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)
