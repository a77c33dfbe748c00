"""What is in label files: values or colours, and how many pixels of each."""

from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from mnv3.lraspp.data.labels.file import SINGLE_CHANNEL, opened_label
from mnv3.tools.data.survey import look_at_all
from mnv3.tools.errors import UserError

WIDE = ("I;16", "I;16B", "I")
"""Pillow's modes of one channel of more than 8 bits."""

COLOURED = ("RGB", "RGBA", "LA")
READABLE = (*SINGLE_CHANNEL, *WIDE, *COLOURED)

MOST = 512
"""Different colours that are counted in a file: with more it is no mask of a few flat colours."""


class Survey(NamedTuple):
    """Pixels, and number of files, by value or by colour 0xRRGGBB; `crowded`: files of more than MOST colours."""

    pixels: dict[int, int]
    files: dict[int, int]
    crowded: list[int]

    @property
    def grey(self) -> bool:
        """Whether all colours are greys, so that they may be values."""
        return not self.crowded and all(colour % 0x010101 == 0 for colour in self.pixels)


def modes(paths: Sequence[Path]) -> list[str]:
    """Return Pillow's mode of each label file, from its header. Raises UserError: unreadable, or saved with loss."""

    def look(index: int) -> str:
        with opened_label(paths[index], READABLE) as label:
            return label.mode

    return look_at_all(look, len(paths))


def survey(paths: Sequence[Path], colours: bool) -> Survey:
    """Count values, or `colours`, in all files. Raises UserError: a file that cannot be read so."""

    def look(index: int) -> dict[int, int]:
        path = paths[index]
        stat = path.stat()
        return _counts(path, colours, stat.st_mtime_ns, stat.st_size)

    pixels: Counter[int] = Counter()
    files: Counter[int] = Counter()
    crowded = []
    for index, counts in enumerate(look_at_all(look, len(paths))):
        if len(counts) > MOST:
            crowded.append(index)
            continue
        pixels.update(counts)
        files.update(counts.keys())
    return Survey(dict(pixels), dict(files), crowded)


@lru_cache(maxsize=100_000)
def _counts(path: Path, colours: bool, modified: int, size: int) -> dict[int, int]:
    """Return pixels by value or colour. `modified`, `size`: of the file, which is read again if they change."""
    keys = read_colours(path) if colours else read_wide(path)
    if not colours:
        counts = np.bincount(keys.ravel(), minlength=256)
        return {int(value): int(counts[value]) for value in np.flatnonzero(counts)}
    found, counts = np.unique(keys, return_counts=True)
    return dict(zip(found[: MOST + 1].tolist(), counts[: MOST + 1].tolist(), strict=True))


def read_wide(path: Path) -> np.ndarray:
    """Read values, [H, W] uint8, also from 16 bits, and from RGB whose channels are all equal.
    Raises UserError: values over 255, colours, or as `opened_label`."""
    with opened_label(path, READABLE) as label:
        if label.mode in COLOURED:
            return (_packed(label, path) & 0xFF).astype(np.uint8)
        values = np.array(label)
    if values.dtype != bool and values.size and values.max() > 255:
        raise UserError(
            f"Label file {path} has values up to {values.max()}; class ids must be 0 to 255, in 8 bits. (Masks that "
            "number single objects are not class ids.)"
        )
    return values.astype(np.uint8)


def read_colours(path: Path) -> np.ndarray:
    """Read colours 0xRRGGBB, [H, W] int32, also of palettes. Raises UserError: transparency, or as `opened_label`."""
    with opened_label(path, READABLE) as label:
        return _packed(label, path)


def _packed(label: Image.Image, path: Path) -> np.ndarray:
    if label.mode in ("RGBA", "LA") and np.array(label.getchannel("A")).min() < 255:
        raise UserError(
            f"Label file {path} has transparent pixels, of which it is unclear what they are: save it as RGB."
        )
    pixels = np.array(label.convert("RGB")).astype(np.int32)
    return pixels[..., 0] << 16 | pixels[..., 1] << 8 | pixels[..., 2]


def code_of(colour: Sequence[int]) -> int:
    """Return a colour as 0xRRGGBB."""
    return colour[0] << 16 | colour[1] << 8 | colour[2]


def colour_of(code: int) -> tuple[int, int, int]:
    return code >> 16, code >> 8 & 255, code & 255
