"""Apply a view to a frame, reading and resizing only the pixels of the view."""

from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from mnv3.lraspp.data.frames import IGNORE
from mnv3.tools.images.view import FILL, View


def render_image(
    image: np.ndarray, view: View, size: tuple[int, int], change: Callable[[Tensor], Tensor] | None = None
) -> Tensor:
    """`image` [H, W, 3] uint8 through `view` -> [3, h, w] uint8: bilinear, low-passed when shrinking; FILL outside.

    `change`: applied to the colours of the visible part, [3, ?, ?] uint8.
    """
    seen = np.array(image[_rows(view), _columns(view)], order="C")  # a copy: the frame may be a read-only map
    pixels = torch.from_numpy(seen).permute(2, 0, 1)[None]
    if pixels.shape[2:] != view.target.size:
        # Channels stay last in memory: torch then resizes bytes three times as fast.
        pixels = F.interpolate(pixels, view.target.size, mode="bilinear", align_corners=False, antialias=True)
    return _placed(change(pixels[0]) if change else pixels[0], view, size, FILL)


def render_labels(values: np.ndarray, table: np.ndarray, view: View, size: tuple[int, int]) -> Tensor:
    """`table` [256] of `values` [H, W] uint8 through `view` -> [h, w] uint8: nearest pixel; IGNORE outside."""
    seen = values[_rows(view), _columns(view)]
    if seen.shape != view.target.size:
        rows, columns = (_nearest(source, target) for source, target in zip(seen.shape, view.target.size, strict=True))
        seen = seen[rows][:, columns]
    return _placed(torch.from_numpy(table[seen]), view, size, IGNORE)


def _rows(view: View) -> slice:
    return slice(view.source.top, view.source.bottom)


def _columns(view: View) -> slice:
    return slice(view.source.left, view.source.right)


def _nearest(source: int, target: int) -> np.ndarray:
    """Return [target] int64: the pixel of `source` at the centre of each pixel of `target`."""
    return ((2 * np.arange(target) + 1) * source) // (2 * target)


def _placed(seen: Tensor, view: View, size: tuple[int, int], fill: int) -> Tensor:
    """Place `seen` [..., *target.size] on a canvas of `size`; flip it if the view is flipped."""
    if view.target.size != size:
        canvas = seen.new_full((*seen.shape[:-2], *size), fill)
        canvas[..., view.target.top : view.target.bottom, view.target.left : view.target.right] = seen
        seen = canvas
    return seen.flip(-1) if view.flip else seen
