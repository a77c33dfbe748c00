"""Label files: one channel of 8 bits, whose values, or indices into a palette, are the ids of classes."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

from mnv3.tools.errors import UserError

SINGLE_CHANNEL = ("1", "L", "P")
"""Pillow's modes of 8 bits and fewer whose numbers are the values, not colours; P: a palette, the indices count."""

LOSSY = ("JPEG", "MPO", "JPEG2000", "WEBP", "AVIF")
"""Pillow's names of formats that do not keep values, or that hold nothing but colours."""

LOSSY_IN_TIFF = ("jpeg", "tiff_jpeg", "webp")

OTHER_MODES = {"I;16": "16 bits a pixel", "I": "more than 8 bits a pixel", "F": "real numbers"}


def read_values(path: Path) -> np.ndarray:
    """The values of a label file, [H, W] uint8.

    Raises UserError, naming the file: missing, broken, colours, several pictures, or saved with loss.
    """
    with _opened(path) as label:
        return np.array(label).astype(np.uint8, copy=False)


def read_palette(path: Path) -> np.ndarray | None:
    """[n, 3] uint8: the colours of a label file's values, from its header; None if it has none. Raises as above."""
    with _opened(path) as label:
        colours = label.getpalette("RGB") if label.mode == "P" else None
        return None if colours is None else np.array(colours, dtype=np.uint8).reshape(-1, 3)


@contextmanager
def _opened(path: Path) -> Iterator[Image.Image]:
    try:
        with Image.open(path) as label:
            if fault := _fault(label):
                raise UserError(f"Label file {path} {fault}")
            yield label
    except UserError:
        raise
    except FileNotFoundError:
        raise UserError(f"Label file {path} does not exist.") from None
    except UnidentifiedImageError:
        raise UserError(f"{path} is not an image that can be read.") from None
    except Exception as error:  # damage makes decoders raise anything
        raise UserError(f"Label file {path} cannot be read: {str(error) or type(error).__name__}.") from None


def _fault(label: Image.Image) -> str | None:
    """What is wrong with an opened label file, by its header."""
    kind = str(label.format)
    if kind in LOSSY or label.info.get("compression") in LOSSY_IN_TIFF:
        return (
            f"is saved as {kind}, with loss or as colours: its values are not the ids of classes. Save the original "
            "masks as PNG, of one channel of 8 bits; PNGs made from such files have the same wrong values."
        )
    if label.mode not in SINGLE_CHANNEL:
        return (
            f"holds {OTHER_MODES.get(label.mode, 'colours')}; one channel of 8 bits is expected, whose values are the "
            "ids of the classes."
        )
    if (count := getattr(label, "n_frames", 1)) > 1:
        return f"holds {count} pictures; one is expected."
    return None
