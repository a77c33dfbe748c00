"""Geometric augmentation as a view: which part of an image fills which part of the network's input."""

from typing import NamedTuple

FILL = 128
"""Grey outside the image, 0..255: near 0 after normalisation to [-1, 1], and the mean colour with which the authors'
code pads."""


class Box(NamedTuple):
    """Whole pixels: left, top, right, bottom."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def size(self) -> tuple[int, int]:
        """Height and width."""
        return self.bottom - self.top, self.right - self.left


class View(NamedTuple):
    """`source`: the part seen, in pixels of the image; `target`: where it lands, in pixels of the network's input."""

    source: Box
    target: Box
    flip: bool


def whole(image_size: tuple[int, int]) -> Box:
    """Return the box of a whole image of (height, width) `image_size`."""
    return Box(0, 0, image_size[1], image_size[0])


def view_of(window: Box, image_size: tuple[int, int], size: tuple[int, int], flip: bool = False) -> View:
    """Return the view that stretches `window`, which may extend beyond the image, to an input of `size` (h, w)."""
    source = Box(
        max(window.left, 0), max(window.top, 0), min(window.right, image_size[1]), min(window.bottom, image_size[0])
    )
    scale = size[0] / window.size[0], size[1] / window.size[1]
    left, right = (round((x - window.left) * scale[1]) for x in (source.left, source.right))
    top, bottom = (round((y - window.top) * scale[0]) for y in (source.top, source.bottom))
    left, top = min(left, size[1] - 1), min(top, size[0] - 1)  # the visible part fills at least a pixel
    return View(source, Box(left, top, max(right, left + 1), max(bottom, top + 1)), flip)
