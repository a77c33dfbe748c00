"""Photos to load for a benchmark: user-supplied JPEG files, or noise that takes as long to decode."""

from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from mnv3.tools.errors import UserError
from mnv3.tools.files.write import write_encoded, write_json

SIZE = (480, 640)  # the commonest in COCO
FALL = 1.2
"""How amplitudes fall with frequency, as a power: about that of natural images."""
CONTRAST, COLOUR = 55, 0.25  # standard deviation in grey levels; how much of it each channel has for itself
QUALITY = 90
"""With it a file has 154 kB; those of COCO's 640 x 480 images have 153 kB, the median of a sample."""
CATEGORIES = 90
BOXES = (1, 14)  # of an image; COCO has 7 on average
SIDES = (0.05, 0.4)  # of a box, in sides of its image


def photo(seed: int, size: tuple[int, int] = SIZE) -> np.ndarray:
    """[H, W, 3] uint8 noise with the spectrum of a photo."""
    rng = np.random.default_rng(seed)
    grey, *colours = (_noise(rng, size) for _ in range(4))
    pixels = 128 + CONTRAST * (grey[..., None] + COLOUR * np.stack(colours, axis=-1))
    return pixels.clip(0, 255).astype(np.uint8)


def photo_files(folder: Path, count: int, given: str | None, seed: int) -> list[Path]:
    """`count` JPEG files: those of the folder `given`, over and over, or photos made up in `folder`.

    Raises UserError: no such folder, or no JPEG file in it.
    """
    if given is None:
        files = [folder / f"{number:06d}.jpg" for number in range(count)]
        for number, file in enumerate(files):
            write_encoded(file, Image.fromarray(photo(seed * count + number)).save, quality=QUALITY)
        return files
    if not (place := Path(given).expanduser()).is_dir():
        raise UserError(f"bench.images={given}: there is no such folder.")
    found = sorted(file.resolve() for file in place.iterdir() if file.suffix.lower() in (".jpg", ".jpeg"))
    if not found:
        raise UserError(f"bench.images={given}: there is no JPEG file in this folder.")
    return [found[number % len(found)] for number in range(count)]


def write_coco(folder: Path, files: list[Path], seed: int) -> Path:
    """A COCO file in `folder` that gives each of `files` boxes at random. The file names in it are absolute."""
    rng = np.random.default_rng(seed)
    images, annotations = [], []
    for number, file in enumerate(files, start=1):
        with Image.open(file) as image:
            width, height = image.size
        images.append({"id": number, "file_name": str(file), "width": width, "height": height})
        annotations += [_annotation(rng, number, width, height) for _ in range(rng.integers(*BOXES))]
    for number, annotation in enumerate(annotations, start=1):
        annotation["id"] = number
    categories = [{"id": number, "name": f"class {number}"} for number in range(1, CATEGORIES + 1)]
    path = folder / "boxes.json"
    write_json(path, {"images": images, "annotations": annotations, "categories": categories})
    return path


def _annotation(rng: np.random.Generator, image: int, width: int, height: int) -> dict[str, Any]:
    w, h = rng.uniform(*SIDES) * width, rng.uniform(*SIDES) * height
    left, top = rng.uniform(0, width - w), rng.uniform(0, height - h)
    category = int(rng.integers(1, CATEGORIES + 1))
    return {"image_id": image, "category_id": category, "bbox": [left, top, w, h], "area": w * h, "iscrowd": 0}


def _noise(rng: np.random.Generator, size: tuple[int, int]) -> np.ndarray:
    frequency = np.hypot(np.fft.fftfreq(size[0])[:, None], np.fft.rfftfreq(size[1]))
    frequency[0, 0] = np.inf  # no mean
    values = np.fft.irfft2(np.fft.rfft2(rng.standard_normal(size)) / frequency**FALL, size)
    return values / values.std()
