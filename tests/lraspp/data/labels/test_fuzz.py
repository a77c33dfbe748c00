"""Label files, photographs and names files that nobody wrote: a sentence, or values."""

import io
import random
import warnings

import numpy as np
import pytest
from PIL import Image

from mnv3.lraspp.data.frames import Frame
from mnv3.lraspp.data.labels.file import read_palette
from mnv3.lraspp.data.labels.names_file import read_names
from mnv3.lraspp.data.pixels import decode
from tests.mutations import damaged, survives

VALUES = np.random.default_rng(0).integers(0, 3, (24, 32), dtype=np.uint8).repeat(2, 0).repeat(2, 1)


def label_files() -> list[bytes]:
    """One of each kind that masks come in."""
    grey, palette = Image.fromarray(VALUES), Image.fromarray(VALUES, mode="P")
    palette.putpalette([0, 0, 0, 255, 0, 0, 0, 255, 0])
    files = [(grey, "PNG", {}), (palette, "PNG", {}), (palette, "GIF", {}), (palette, "BMP", {}), (grey, "JPEG", {})]
    files += [(grey, "TIFF", {"compression": kind}) for kind in ("raw", "tiff_lzw", "tiff_adobe_deflate", "packbits")]
    files += [(Image.fromarray(VALUES > 0), "PNG", {}), (grey.convert("RGB"), "WEBP", {"lossless": True})]
    contents = []
    for image, kind, options in files:
        buffer = io.BytesIO()
        image.save(buffer, kind, **options)
        contents.append(buffer.getvalue())
    return contents


def photographs() -> list[bytes]:
    contents = []
    for kind in ("JPEG", "PNG", "WEBP", "BMP", "TIFF", "GIF"):
        buffer = io.BytesIO()
        Image.fromarray(np.stack([VALUES * 80] * 3, axis=2)).save(buffer, kind)
        contents.append(buffer.getvalue())
    return contents


def run_frames(folder, seed, rounds):
    rng = random.Random(seed)
    labels, images = label_files(), photographs()
    label_path, image_path = folder / "a.png", folder / "a.jpg"
    usable = 0
    for number in range(rounds):
        label, image = labels[0], images[0]
        if number % 2:
            label = damaged(rng.choice(labels), rng)
        else:
            image = damaged(rng.choice(images), rng)
        label_path.write_bytes(label)
        image_path.write_bytes(image)

        def use():
            pixels, values = decode(Frame("a", image_path, label_path))
            assert values is not None and pixels.shape == (*values.shape, 3)
            assert values.dtype == pixels.dtype == np.uint8
            palette = read_palette(label_path)
            assert palette is None or palette.shape[1] == 3

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow's, on damage that it bears
            usable += survives(use)
    assert 0 < usable < rounds


def run_names(folder, seed, rounds):
    rng = random.Random(seed)
    texts = [
        "background\nthing\nwall, door\n",
        "0 background #000000\n7 thing\n255 x\n",
        "name,r,g,b\na,1,2,3\nb,4,5,6\n",
    ]
    path = folder / "names.txt"
    usable = 0
    for _ in range(rounds):
        path.write_bytes(damaged(rng.choice(texts).encode(), rng))

        def use():
            classes = read_names(path, rng.choice((255, None)))
            assert len({entry.id for entry in classes}) == len({entry.name for entry in classes}) == len(classes)
            assert all(0 <= entry.id <= 255 and entry.name.strip() for entry in classes)

        usable += survives(use)
    assert 0 < usable < rounds


def test_mutated_frames_are_one_sentence_or_pixels(tmp_path):
    run_frames(tmp_path, 0, 400)


def test_mutated_names_files_are_one_sentence_or_classes(tmp_path):
    run_names(tmp_path, 0, 600)


@pytest.mark.nightly
def test_many_mutated_frames_and_names_files(tmp_path):
    run_frames(tmp_path, 1, 20_000)
    run_names(tmp_path, 1, 20_000)
