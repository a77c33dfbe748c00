"""A few images of a data set: spread over it, of one size, without the broken ones."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mnv3.tools.errors import UserError
from mnv3.tools.images.sample_images import LONGEST, few_images


def write(folder: Path, count: int) -> list[Path]:
    """Images of one grey each, of different sizes."""
    paths = [folder / f"{i}.png" for i in range(count)]
    for i, path in enumerate(paths):
        Image.fromarray(np.full((10 + i, 20, 3), i, np.uint8)).save(path)
    return paths


def test_they_are_spread_over_the_data_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mnv3.tools.images.sample_images.PIXELS", 16 * 12 * 18)
    found = few_images(write(tmp_path, 80), (12, 18))
    assert found.shape == (16, 3, 12, 18)
    assert found[:, 0, 0, 0].round().tolist() == [5.0 * i for i in range(16)]


def test_large_ones_are_made_smaller(tmp_path: Path) -> None:
    assert few_images(write(tmp_path, 2), (1024, 2048)).shape == (2, 3, LONGEST // 2, LONGEST)


def test_broken_ones_are_left_out(tmp_path: Path) -> None:
    paths = write(tmp_path, 3)
    paths[1].write_bytes(b"")
    assert few_images(paths, (8, 8))[:, 0, 0, 0].round().tolist() == [0, 2]
    with pytest.raises(UserError, match=r"1\.png is empty"):
        few_images(paths[1:2], (8, 8))
