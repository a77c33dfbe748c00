"""Image files to uint8 RGB tensors of the size that the annotations were made in."""

from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageOps, UnidentifiedImageError
from torch import Tensor
from torchvision.io import ImageReadMode, decode_image, read_file

from tools.errors import UserError


def read_image(path: Path | str, size: tuple[int, int] | None = None) -> Tensor:
    """Decode an image file to [3, H, W] uint8, RGB.

    `size` is the (H, W) that the annotations give. Stored rotation (EXIF) is applied only when that makes the sizes
    agree: COCO's boxes are those of the pixels as stored, whatever the camera noted. Without `size` it is applied,
    as every image viewer does. Raises UserError, naming the file: missing, truncated, not an image, or of another size.
    """
    path = Path(path)
    image = _decode(path) if size else None
    if image is not None and tuple(image.shape[1:]) == tuple(size or ()):
        return image
    upright = _decode_with_pillow(path, rotate=True)
    if size and tuple(upright.shape[1:]) != tuple(size):
        found = upright if image is None else image
        raise UserError(
            f"{path} is {found.shape[2]}x{found.shape[1]} pixels, but its annotations say {size[1]}x{size[0]}."
        )
    return upright


def _decode(path: Path) -> Tensor | None:
    """torchvision's decoder, or None for what it does not turn into 8-bit RGB: Pillow knows more formats."""
    try:
        image = decode_image(read_file(str(path)), mode=ImageReadMode.RGB)
    except RuntimeError:
        return _decode_with_pillow(path, rotate=False)
    if image.dtype != torch.uint8 or image.dim() != 3:
        return _decode_with_pillow(path, rotate=False)
    return image


def _decode_with_pillow(path: Path, *, rotate: bool) -> Tensor:
    try:
        with Image.open(path) as opened:
            opened.load()
            image = ImageOps.exif_transpose(opened) if rotate else opened
            pixels = np.array(_to_rgb(image))  # [H, W, 3], a copy: the tensor may be written to
    except FileNotFoundError:
        raise UserError(f"Image {path} does not exist.") from None
    except UnidentifiedImageError:
        raise UserError(f"{path} is not an image that can be read.") from None
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise UserError(f"Image {path} cannot be read: {error}.") from None
    return torch.from_numpy(pixels).permute(2, 0, 1)


def _to_rgb(image: Image.Image) -> Image.Image:
    """8-bit RGB; 16-bit grey is scaled, where Pillow's own conversion would clip it to white."""
    if image.mode.startswith("I"):
        image = Image.fromarray((np.asarray(image, dtype=np.float32) / 257.0).clip(0, 255).round().astype(np.uint8))
    return image.convert("RGB")
