"""Cross-entropy of bilinearly upsampled logits and its gradient, on a CPU.

The upsampled logits are never in memory as a whole: rows of logits are upsampled along their width (a matrix product),
and the strip between two of them is computed, used and dropped while it is in the cache.
"""

import math
from collections.abc import Iterator
from itertools import groupby
from typing import NamedTuple

import torch
from torch import Tensor

from mnv3.lraspp.model.bilinear import positions, resizing_matrix

STRIP_VALUES = 150_000
"""Most values in a strip of several images: 0.6 MB, which fits a core's cache together with its gradient."""

OCTAVE = math.log(2)
"""Logits are converted to base 2, because PyTorch's exp2 is four times as fast as its exp."""


class Strip(NamedTuple):
    """`images` and `rows` of the labels; the rows of logits around them (`between`); `share` [R, 1] of the lower."""

    images: slice
    rows: slice
    between: slice
    share: Tensor


def cross_entropy_of(logits: Tensor, index: Tensor, align_corners: bool) -> Tensor:
    """logits [N, K, h, w], classes `index` [N, H, W] int64 -> cross-entropy [N, H, W]."""
    wide = logits / OCTAVE @ resizing_matrix(logits.shape[3], index.shape[2], align_corners)
    losses = torch.empty(index.shape)
    for strip in _strips(wide, index, align_corners):
        losses[strip.images, strip.rows] = _softmax(wide, index, strip)[2]
    return losses


def cross_entropy_and_gradient(
    logits: Tensor, index: Tensor, weights: Tensor, align_corners: bool
) -> tuple[Tensor, Tensor]:
    """Return `cross_entropy_of`, and the gradient by `logits` of its sum weighted with `weights` [N, H, W]."""
    across = resizing_matrix(logits.shape[3], index.shape[2], align_corners)
    wide = logits / OCTAVE @ across
    losses, gradient = torch.empty(index.shape), torch.zeros_like(wide)
    for strip in _strips(wide, index, align_corners):
        powers, total, losses[strip.images, strip.rows] = _softmax(wide, index, strip)
        weight = weights[strip.images, strip.rows].unsqueeze(1)
        powers.mul_(weight / total).scatter_add_(1, index[strip.images, strip.rows].unsqueeze(1), -weight)
        rows = gradient[strip.images, :, strip.between]
        rows += torch.cat([1 - strip.share, strip.share], 1).T[: rows.shape[2]] @ powers
    return losses, gradient @ across.T


def _softmax(wide: Tensor, index: Tensor, strip: Strip) -> tuple[Tensor, Tensor, Tensor]:
    """Return a strip's softmax, numerators [n, K, R, W] and denominators [n, 1, R, W], and cross-entropy [n, R, W]."""
    rows = wide[strip.images, :, strip.between]
    z = torch.lerp(rows[:, :, :1], rows[:, :, -1:], strip.share)
    z -= z.amax(1, keepdim=True)
    own = z.gather(1, index[strip.images, strip.rows].unsqueeze(1))
    powers = z.exp2_()
    total = powers.sum(1, keepdim=True)
    return powers, total, ((total.log2() - own) * OCTAVE).squeeze(1)


def _strips(wide: Tensor, index: Tensor, align_corners: bool) -> Iterator[Strip]:
    """Cut the labels `index` between the rows of `wide`, a few images at a time."""
    lower, shares = positions(wide.shape[2], index.shape[1], align_corners)
    column = shares.float().unsqueeze(1)
    for low, group in groupby(range(len(lower)), key=lower.tolist().__getitem__):
        rows = list(group)
        part = slice(rows[0], rows[-1] + 1)
        images = max(1, STRIP_VALUES // (wide.shape[1] * len(rows) * wide.shape[3]))
        for first in range(0, len(wide), images):
            yield Strip(slice(first, first + images), part, slice(low, low + 2), column[part])
