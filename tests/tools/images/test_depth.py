"""More than 8 bits a channel, and animations: the right brightness, and a remark, or a sentence."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from mnv3.tools.errors import UserError
from mnv3.tools.images.read import read_pixels
from mnv3.tools.text import once

RAMP = np.linspace(0, 1, 48 * 64, dtype=np.float64).reshape(48, 64)
EXPECTED = np.rint(255 * RAMP)[..., None]


@pytest.fixture
def remarks(caplog: pytest.LogCaptureFixture):
    once.forget()
    yield lambda: [record.getMessage() for record in caplog.records]
    once.forget()


@pytest.mark.parametrize(("bits", "said"), [(10, True), (12, True), (14, True), (16, False)])
@pytest.mark.parametrize("suffix", ["png", "tif", "pgm"])
def test_grey_is_scaled_by_the_bits_in_use(tmp_path: Path, remarks, suffix, bits, said) -> None:
    path = tmp_path / f"a.{suffix}"
    cv2.imwrite(str(path), np.rint(RAMP * (2**bits - 1)).astype(np.uint16))
    assert np.abs(read_pixels(path).astype(int) - EXPECTED).max() <= 1
    assert len(remarks()) == said and all(f"uses {bits} of" in text for text in remarks())
    read_pixels(path)
    assert len(remarks()) == said  # once


def test_files_of_one_camera_that_are_scaled_differently_are_told(tmp_path: Path, remarks) -> None:
    for name, value in (("bright", 4000), ("also", 3000), ("dark", 240)):
        Image.fromarray(np.full((48, 64), value, np.uint16)).save(tmp_path / f"{name}.png")
        read_pixels(tmp_path / f"{name}.png")
    assert len(remarks()) == 2 and "dark.png uses 8" in remarks()[1]


def test_the_depth_that_a_file_states_is_taken(tmp_path: Path, remarks) -> None:
    """A dark image of 12 bits stays dark."""
    dark = np.rint(RAMP * 500).astype(np.uint16)
    tags = Image.Exif()
    tags[281] = 4095
    Image.fromarray(dark).save(tmp_path / "a.tif", tiffinfo=tags)
    assert np.abs(read_pixels(tmp_path / "a.tif")[..., 0].astype(int) - np.rint(dark * (255 / 4095))).max() <= 1
    assert not remarks()


def test_whole_numbers_beyond_16_bits_are_refused(tmp_path: Path, remarks) -> None:
    for name, values in {"large": RAMP * 1e6, "negative": RAMP * 100 - 50}.items():
        Image.fromarray(values.astype(np.int32)).save(tmp_path / f"{name}.tif")
        with pytest.raises(UserError, match=rf"{name}\.tif has values from"):
            read_pixels(tmp_path / f"{name}.tif")


@pytest.mark.parametrize("largest", [1, 255, 1000])
def test_floating_point_is_refused(tmp_path: Path, largest) -> None:
    Image.fromarray((RAMP * largest).astype(np.float32)).save(tmp_path / "a.tif")
    with pytest.raises(UserError, match=r"a\.tif has floating-point pixels"):
        read_pixels(tmp_path / "a.tif")


@pytest.mark.parametrize("suffix", ["png", "tif"])
def test_colours_of_16_bits(tmp_path: Path, suffix) -> None:
    """Pillow keeps the upper byte: enough of 16 bits, nothing of 12."""
    path = str(tmp_path / f"a.{suffix}")
    cv2.imwrite(path, np.rint(np.stack([RAMP] * 3, -1) * 65535).astype(np.uint16))
    assert np.abs(read_pixels(path).astype(int) - EXPECTED).max() <= 1
    cv2.imwrite(path, np.rint(np.stack([RAMP] * 3, -1) * 4095).astype(np.uint16))
    with pytest.raises(UserError, match="16 bits of each colour"):
        read_pixels(path)


@pytest.mark.parametrize("suffix", ["gif", "tif", "webp", "png"])
def test_of_an_animation_the_first_frame_is_taken_and_that_is_said(tmp_path: Path, remarks, suffix) -> None:
    frames = [Image.fromarray(np.full((20, 30, 3), value, np.uint8)) for value in (200, 90, 20)]
    frames[0].save(tmp_path / f"a.{suffix}", save_all=True, append_images=frames[1:], lossless=True)  # of WebP
    assert (read_pixels(tmp_path / f"a.{suffix}") == 200).all()
    assert len(remarks()) == 1 and "3 frames" in remarks()[0]


def test_a_photo_with_its_preview_is_no_animation(tmp_path: Path, remarks) -> None:
    photo = Image.fromarray(np.full((20, 30, 3), 99, np.uint8))
    photo.save(tmp_path / "a.jpg", format="MPO", save_all=True, append_images=[photo])
    assert read_pixels(tmp_path / "a.jpg").shape == (20, 30, 3)
    assert not remarks()
