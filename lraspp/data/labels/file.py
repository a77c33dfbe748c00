"""Label files: one 8-bit channel whose values (palette indices, if it has a palette) are class ids."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

from mnv3.tools.errors import UserError

SINGLE_CHANNEL = ("1", "L", "P")
"""Pillow's modes of at most 8 bits that hold values, not colours; P: indices into a palette."""

LOSSY = ("JPEG", "MPO", "JPEG2000", "WEBP", "AVIF")
"""Pillow's names of formats that change values or hold only colours."""

LOSSY_IN_TIFF = ("jpeg", "tiff_jpeg", "webp")

OTHER_MODES = {"I;16": "16 bits a pixel", "I": "more than 8 bits a pixel", "F": "real numbers"}


def read_values(path: Path) -> np.ndarray:
    """Read the values of a label file, [H, W] uint8.

    Raises UserError that names the file: missing, broken, colours, several pictures, or lossy.
    """
    with opened_label(path) as label:
        return np.array(label).astype(np.uint8, copy=False)


def read_palette(path: Path) -> np.ndarray | None:
    """Read a label file's palette from its header, [n, 3] uint8; None without one. Raises as `read_values`."""
    with opened_label(path) as label:
        colours = label.getpalette("RGB") if label.mode == "P" else None
        return None if colours is None else np.array(colours, dtype=np.uint8).reshape(-1, 3)


@contextmanager
def opened_label(path: Path, modes: Collection[str] = SINGLE_CHANNEL) -> Iterator[Image.Image]:
    """Open a label file in one of Pillow's `modes`. Raises UserError as `read_values`."""
    try:
        with Image.open(path) as label:
            if fault := _fault(label, modes):
                raise UserError(f"Label file {path} {fault}")
            yield label
    except UserError:
        raise
    except FileNotFoundError:
        raise UserError(f"Label file {path} does not exist.") from None
    except UnidentifiedImageError:
        raise UserError(f"{path} is not an image that can be read.") from None
    except Exception as error:  # decoders raise many kinds for damaged files
        raise UserError(f"Label file {path} cannot be read: {str(error) or type(error).__name__}.") from None


def _fault(label: Image.Image, modes: Collection[str]) -> str | None:
    """Return the problem with an opened label file by its header, None if it is fine."""
    kind = str(label.format)
    if kind in LOSSY or label.info.get("compression") in LOSSY_IN_TIFF:
        return (
            f"is saved as {kind}, with loss or as colours: its values are not class ids. Save the original masks as "
            "PNG with one 8-bit channel; PNGs made from such files have the same wrong values."
        )
    if label.mode not in modes:
        return (
            f"holds {OTHER_MODES.get(label.mode, 'colours')}; expected one channel of 8 bits whose values are class "
            "ids."
        )
    if (count := getattr(label, "n_frames", 1)) > 1:
        return f"holds {count} pictures; expected one."
    return None
