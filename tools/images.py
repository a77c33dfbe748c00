"""Image files to uint8 RGB of the size that the annotations were made in."""

from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import ExifTags, Image, ImageOps, UnidentifiedImageError

from tools import jpeg
from tools.errors import UserError

if TYPE_CHECKING:
    from torch import Tensor

# Pillow and simplejpeg, not torchvision.io, whose decoders are deprecated since torchvision 0.29.


def read_image(path: Path | str, size: tuple[int, int] | None = None) -> "Tensor":
    """As `read_pixels`, to [3, H, W]."""
    import torch  # here, because it takes longer to import than an image to predict on by another engine

    return torch.from_numpy(read_pixels(path, size)).permute(2, 0, 1)


def read_pixels(path: Path | str, size: tuple[int, int] | None = None) -> np.ndarray:
    """Decode an image file of any kind that Pillow knows to [H, W, 3] uint8, RGB.

    `size` is the (H, W) that the annotations give. Stored rotation (EXIF) is applied only where that makes the sizes
    agree: COCO's boxes are those of the pixels as stored, whatever the camera noted. Without `size` it is applied, as
    every image viewer does. Raises UserError, naming the file: missing, truncated, not an image, or of another size.
    """
    try:
        content = Path(path).read_bytes()
        pixels = jpeg.decode(content, size)
        if pixels is None:
            pixels = _by_pillow(content, size)
    except FileNotFoundError:
        raise UserError(f"Image {path} does not exist.") from None
    except UnidentifiedImageError:
        raise UserError(f"{path} {'is not an image that can be read' if content else 'is empty, 0 bytes'}.") from None
    except Exception as error:  # damage makes decoders raise anything
        raise UserError(f"Image {path} cannot be read: {str(error) or type(error).__name__}.") from None
    if size and (found := pixels.shape[:2]) != size:
        raise UserError(f"{path} is {found[1]}x{found[0]} pixels, but its annotations say {size[1]}x{size[0]}.")
    return pixels


ROTATED = (5, 6, 7, 8)
"""EXIF orientations whose height is stored as the width."""


def image_size(path: Path | str) -> tuple[int, int]:
    """Height and width of an image file, as `read_image` gives it without `size`, from its header alone.

    Raises UserError, naming the file: missing, or not an image.
    """
    try:
        with Image.open(path) as opened:
            turned = opened.getexif().get(ExifTags.Base.Orientation) in ROTATED
            return (opened.width, opened.height) if turned else _size(opened)
    except FileNotFoundError:
        raise UserError(f"Image {path} does not exist.") from None
    except Exception:  # damage makes decoders raise anything
        raise UserError(f"{path} is not an image that can be read.") from None


def _by_pillow(content: bytes, size: tuple[int, int] | None) -> np.ndarray:
    with Image.open(BytesIO(content)) as opened:
        opened.load()
        if not size or _size(opened) != size:
            ImageOps.exif_transpose(opened, in_place=True)
        return np.array(_to_rgb(opened))  # a copy, because the file's own is read-only


def _size(image: Image.Image) -> tuple[int, int]:
    return image.height, image.width


def _to_rgb(image: Image.Image) -> Image.Image:
    """8-bit RGB; 16-bit grey is scaled, where Pillow's own conversion would clip it to white."""
    if image.mode.startswith("I"):
        image = Image.fromarray((np.asarray(image, dtype=np.float32) / 257.0).clip(0, 255).round().astype(np.uint8))
    return image if image.mode == "RGB" else image.convert("RGB")
