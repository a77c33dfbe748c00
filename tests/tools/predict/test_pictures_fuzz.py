"""Images and videos that nobody wrote: pictures, or a sentence, in bounded time."""

import io
import time
import warnings
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from mnv3.tools.predict import pictures
from mnv3.tools.predict import sources as media_sources
from tests.mutations import damaged, generator, survives

LONGEST_S = 20
NOISE = np.random.default_rng(0).integers(0, 255, (12, 48, 64, 3), dtype=np.uint8)


def images() -> list[tuple[str, bytes]]:
    """One of each kind, photographs and others."""
    rgb, grey = Image.fromarray(NOISE[0]), Image.fromarray(NOISE[0, ..., 0].astype(np.uint16) * 256)
    kinds = [(rgb, kind) for kind in ("JPEG", "PNG", "WEBP", "BMP", "TIFF", "GIF", "PPM", "JPEG2000")]
    kinds += [(grey, "PNG"), (grey, "TIFF"), (rgb.convert("P"), "PNG"), (rgb.convert("CMYK"), "JPEG")]
    files = []
    for image, kind in kinds:
        buffer = io.BytesIO()
        image.save(buffer, kind)
        files.append((f"a.{kind.lower()}", buffer.getvalue()))
    return files


def videos(folder: Path) -> list[tuple[str, bytes]]:
    files = []
    for name, codec in (("a.mp4", "mp4v"), ("a.avi", "MJPG"), ("a.mkv", "MJPG")):
        path = folder / name
        writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*codec), 25, (64, 48))
        for frame in NOISE:
            writer.write(frame)
        writer.release()
        files.append((name, path.read_bytes()))
    return files


def look(path: Path) -> None:
    sources = media_sources.find([str(path)])
    pictures.length(sources)
    for item in pictures.stream(sources, 2, damaged=lambda sentence: None):
        if not isinstance(item, pictures.Picture):
            raise item
        assert item.pixels.dtype == np.uint8 and item.pixels.ndim == 3 and item.pixels.shape[2] == 3


def run(folder: Path, name: str, rounds: int) -> None:
    originals = images() if name == "images" else videos(folder)
    usable = 0
    for number in range(rounds):
        rng = generator(name, number)
        file, content = rng.choice(originals)
        path = folder / file
        path.write_bytes(damaged(content, rng))
        start = time.monotonic()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow's, on damage that it bears
            usable += survives(partial(look, path))
        assert time.monotonic() - start < LONGEST_S, f"case {number}"
    assert 0 < usable < rounds


@pytest.mark.parametrize(("name", "rounds"), [("images", 200), ("videos", 40)])
def test_damaged_files(tmp_path: Path, name: str, rounds: int) -> None:
    run(tmp_path, name, rounds)


@pytest.mark.nightly
@pytest.mark.parametrize(("name", "rounds"), [("images", 5000), ("videos", 500)])
def test_many_damaged_files(tmp_path: Path, name: str, rounds: int) -> None:
    run(tmp_path, name, rounds)
