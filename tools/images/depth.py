"""Converts images of more than 8 bits a channel (scanners, microscopes, thermal cameras) to 8-bit RGB."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from mnv3.tools.errors import UserError
from mnv3.tools.text.once import differs, remark

DEPTHS = (8, 10, 12, 14, 16)
"""Bit depths of sensors; they are stored in 16 bits."""

BITS_PER_SAMPLE, MAX_SAMPLE_VALUE = 258, 281  # TIFF 6.0, section 8

LEAST_BYTE = 64
"""Pillow keeps the upper 8 of 16 bits of colour: a maximum below this means that 14 bits or fewer were in use."""


class Stated(NamedTuple):
    """What a file states about its pixels: their `largest` possible value, None if not stated, and whether its colours
    are `wide` (16 bits)."""

    largest: int | None
    wide: bool


def stated(opened: Image.Image) -> Stated:
    """Return what a file states; call it before loading, which discards this."""
    wide = any(";16" in str(tile[3]) for tile in opened.tile)  # pyright: ignore[reportAttributeAccessIssue]
    tags = getattr(opened, "tag_v2", {})
    bits, largest = tags.get(BITS_PER_SAMPLE, (16,))[0], tags.get(MAX_SAMPLE_VALUE)
    if isinstance(largest, tuple):
        largest = max(largest)
    return Stated(largest or (2**bits - 1 if 8 < bits < 16 else None), wide)


def to_rgb(image: Image.Image, stated: Stated, path: Path | str) -> Image.Image:
    """Convert a loaded image to 8-bit RGB; `stated` is from its file.
    Raises UserError: floating-point pixels, whose range is unknown, and integers beyond 16 bits."""
    if image.mode == "F":
        raise UserError(f"{path} has floating-point pixels, whose range is not known: save it with 8 or 16 bits.")
    if image.mode.startswith("I"):
        return _from_grey(np.asarray(image), stated.largest, path)
    if stated.wide and np.asarray(image)[..., :3].max(initial=0) < LEAST_BYTE:
        raise UserError(f"{path} has 16 bits of each colour, of which it uses 14 or fewer: save it with 8 bits.")
    return image if image.mode == "RGB" else image.convert("RGB")


def _from_grey(values: np.ndarray, largest: int | None, path: Path | str) -> Image.Image:
    low, high = int(values.min(initial=0)), int(values.max(initial=0))
    if low < 0 or high > 65535:
        raise UserError(f"{path} has values from {low} to {high}, beyond 16 bits: save it with 8 or 16 bits.")
    bits = next(bits for bits in DEPTHS if high < 2**bits)
    if not largest and high and bits < 16:
        remark("depth", f"{path} uses {bits} of its 16 bits: such files are scaled by the bits in use.")
    if not largest and high and differs("bits", bits):
        remark(
            "depths",
            f"{path} uses {bits} of its 16 bits, unlike files before it: each is scaled by its own, which makes dark "
            "ones too bright next to the others. Save all of them with 8 bits, or over the whole range of 16.",
        )
    scaled = values.astype(np.float32) * np.float32(255 / (largest or 2**bits - 1))
    return Image.fromarray(scaled.clip(0, 255).round().astype(np.uint8)).convert("RGB")
