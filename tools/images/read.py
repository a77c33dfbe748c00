"""Reads image files as uint8 RGB, in the orientation of their annotations."""

from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import ExifTags, Image, ImageOps, UnidentifiedImageError

from mnv3.tools.errors import UserError
from mnv3.tools.images import depth, jpeg
from mnv3.tools.text.once import remark

if TYPE_CHECKING:
    from torch import Tensor

# Pillow and simplejpeg, not torchvision.io, whose decoders are deprecated since torchvision 0.29.


def read_image(path: Path | str, size: tuple[int, int] | None = None) -> "Tensor":
    """As `read_pixels`, but [3, H, W]."""
    import torch  # here: importing it takes longer than predicting an image with another engine

    return torch.from_numpy(read_pixels(path, size)).permute(2, 0, 1)


def read_pixels(path: Path | str, size: tuple[int, int] | None = None) -> np.ndarray:
    """Decode an image file of any format that Pillow knows to [H, W, 3] uint8 RGB.

    `size` is the (H, W) of the annotations. Stored rotation (EXIF) is applied only where that makes the sizes agree,
    because COCO's boxes refer to the pixels as stored; without `size` it is applied, as image viewers do. More than
    8 bits are scaled to 8, with a warning if the file does not use its full range; animations give their first frame,
    with a warning. Raises UserError, naming the file: missing, truncated, not an image, of another size, or of
    numbers of unknown range.
    """
    try:
        content = Path(path).read_bytes()
        pixels = jpeg.decode(content, size)
        if pixels is None:
            pixels = _by_pillow(content, size, path)
    except FileNotFoundError:
        raise UserError(f"Image {path} does not exist.") from None
    except UnidentifiedImageError:
        raise UserError(f"{path} {'is not an image that can be read' if content else 'is empty, 0 bytes'}.") from None
    except UserError:
        raise
    except MemoryError:
        raise UserError(f"Image {path} cannot be read: there is not enough memory for it.") from None
    except Exception as error:  # damage makes decoders fail in arbitrary ways
        raise UserError(f"Image {path} cannot be read: {_reason(error)}.") from None
    if size and (found := pixels.shape[:2]) != size:
        raise UserError(f"{path} is {found[1]}x{found[0]} pixels, but its annotations say {size[1]}x{size[0]}.")
    return pixels


STRIP_BYTES = 2**25

ROTATED = (5, 6, 7, 8)
"""EXIF orientations whose height is stored as the width."""


def image_size(path: Path | str) -> tuple[int, int]:
    """Return height and width of an image file, as `read_image` without `size` gives them, from its header alone.
    Raises UserError, naming the file: missing, or not an image."""
    try:
        with Image.open(path) as opened:
            turned = opened.getexif().get(ExifTags.Base.Orientation) in ROTATED
            return (opened.width, opened.height) if turned else _size(opened)
    except FileNotFoundError:
        raise UserError(f"Image {path} does not exist.") from None
    except Exception:  # damage makes Pillow fail in arbitrary ways
        raise UserError(f"{path} is not an image that can be read.") from None


def is_ambiguous(path: Path | str) -> bool:
    """Return whether a file is stored rotated (EXIF), but in the same size as viewers display it: upside down,
    mirrored, or square. Then `read_image` with `size` gives it as stored. False if it cannot be read."""
    try:
        with Image.open(path) as opened:
            orientation = opened.getexif().get(ExifTags.Base.Orientation, 1)
            return orientation in (2, 3, 4) or (orientation in ROTATED and opened.width == opened.height)
    except Exception:  # damage makes Pillow fail in arbitrary ways; it is reported when the image is read
        return False


def _by_pillow(content: bytes, size: tuple[int, int] | None, path: Path | str) -> np.ndarray:
    with Image.open(BytesIO(content)) as opened:
        if opened.format != "MPO" and (frames := getattr(opened, "n_frames", 1)) > 1:  # a phone's photo and its preview
            remark("frames", f"{path} has {frames} frames or pages: only the first is used, as in all such files.")
        stated = depth.stated(opened)
        opened.load()
        if not size or _size(opened) != size:
            ImageOps.exif_transpose(opened, in_place=True)
        return _pixels(depth.to_rgb(opened, stated, path))


def _pixels(image: Image.Image) -> np.ndarray:
    """Copy the pixels of an RGB image in strips of rows: Pillow makes a second copy of what it hands out."""
    rows = max(1, STRIP_BYTES // (3 * image.width))
    pixels = np.empty((image.height, image.width, 3), np.uint8)
    for top in range(0, image.height, rows):
        strip = image if rows >= image.height else image.crop((0, top, image.width, min(top + rows, image.height)))
        pixels[top : top + rows] = np.asarray(strip)
    return pixels


def _reason(error: Exception) -> str:
    return str(error).strip().rstrip(".") or "it is damaged"


def _size(image: Image.Image) -> tuple[int, int]:
    return image.height, image.width
