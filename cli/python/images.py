"""What may be predicted on: files, folders, patterns and videos by name, PIL images, arrays and tensors."""

import logging
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, Union

import numpy as np
from PIL import ExifTags, Image

from mnv3.tools.errors import UserError
from mnv3.tools.images import depth
from mnv3.tools.predict import sources as media_sources
from mnv3.tools.predict.pictures import Picture, stream
from mnv3.tools.predict.sources import Source

if TYPE_CHECKING:
    from torch import Tensor

log = logging.getLogger("mnv3")

Pixels: TypeAlias = Union[Image.Image, np.ndarray, "Tensor"]
"""An image in memory: Pillow's, [H, W, 3] uint8 RGB, or [3, H, W] uint8 RGB."""


def find(name: str | Path) -> tuple[list[Source], bool]:
    """Return the sources that a name stands for, and whether it is the name of a single one.
    Raises UserError: nothing there, or videos among other files."""
    sources = media_sources.find([str(name)])
    single = len(sources) == 1 and (sources[0].live or sources[0].place == Path(name).expanduser())
    if not single and (videos := [source for source in sources if source.video]):
        raise UserError(f"{name}: there are videos among the files, such as {videos[0]}; predict on each video alone.")
    return sources, single


def of_list(images: Sequence[Any], ahead: int) -> Iterator[Picture | UserError]:
    """Yield the pictures of a list, in order; files are decoded ahead. Raises UserError: an item is no image."""
    named = [_one(image) if isinstance(image, str | Path) else None for image in images]
    sources = [source for source in named if source is not None]
    files = stream(sources, ahead)
    for number, (image, source) in enumerate(zip(images, named, strict=True)):
        if source is not None:
            yield next(files)
        else:
            yield in_memory(image, f"image {number} of the list")


def _one(name: str | Path) -> Source:
    sources, single = find(name)
    if not single or sources[0].video:
        raise UserError(f"{name}: a list may hold single images only; predict on a folder, pattern or video alone.")
    return sources[0]


def in_memory(image: Any, what: str = "image") -> Picture:
    """Return an image in memory as a picture; `what` names it in messages. Raises UserError: not an image."""
    return Picture(Source(what, what, video=False), _pixels(image, what))


def _pixels(image: Any, what: str) -> np.ndarray:
    if isinstance(image, Image.Image):
        return _of_pillow(image, what)
    if isinstance(image, np.ndarray):
        return _checked(image, (0, 1, 2), "height, width, 3", what)
    if "torch" in sys.modules and isinstance(image, sys.modules["torch"].Tensor):
        return _checked(image.detach().cpu().numpy(), (1, 2, 0), "3, height, width", what)
    raise UserError(
        f"{what}: cannot predict on {type(image).__name__}; give the name of a file or folder, a PIL image, an array "
        "[height, width, 3], a tensor [3, height, width], or a list of them."
    )


def _of_pillow(image: Image.Image, what: str) -> np.ndarray:
    """Return the pixels as they are stored, which boxes and labels then refer to, too."""
    if image.getexif().get(ExifTags.Base.Orientation, 1) != 1:
        log.warning(
            "%s: is marked as rotated, but used as stored. If objects are not upright in it, call "
            "PIL.ImageOps.exif_transpose first, or give the name of its file.",
            what,
        )
    stated = depth.stated(image) if hasattr(image, "tile") else depth.Stated(None, False)
    return np.array(depth.to_rgb(image, stated, what))


def _checked(values: np.ndarray, order: tuple[int, int, int], shape: str, what: str) -> np.ndarray:
    """Return an array of uint8 as [H, W, 3], a copy if it cannot be written to or is not contiguous, because PyTorch
    warns of such arrays or refuses them."""
    if values.dtype != np.uint8:
        hint = "; multiply by 255 and convert it if its values are from 0 to 1" if values.dtype.kind == "f" else ""
        raise UserError(f"{what}: has values of type {values.dtype}, but uint8 is needed, 0 to 255{hint}.")
    turned = values.transpose(order) if values.ndim == 3 else values
    if values.ndim != 3 or turned.shape[2] != 3 or not values.size:
        hint = "; for a batch give a list" if values.ndim == 4 else ""
        raise UserError(f"{what}: has the shape {list(values.shape)}, but [{shape}] is needed, RGB{hint}.")
    return np.require(turned, requirements=["C_CONTIGUOUS", "WRITEABLE"])
