"""Positions and matrix of PyTorch's bilinear resizing."""

import torch
from torch import Tensor


def positions(inputs: int, outputs: int, align_corners: bool) -> tuple[Tensor, Tensor]:
    """Return for each of `outputs` the input before it (at most the second last), [outputs] int64, and the share of the
    way to the next one, 0 to 1, [outputs] float64."""
    place = torch.arange(outputs, dtype=torch.float64)
    if align_corners:
        place *= (inputs - 1) / max(outputs - 1, 1)
    else:
        place = ((place + 0.5) * inputs / outputs - 0.5).clamp_(0, inputs - 1)
    before = place.long().clamp_(max=max(inputs - 2, 0))
    return before, place - before


def resizing_matrix(inputs: int, outputs: int, align_corners: bool) -> Tensor:
    """Return [inputs, outputs] float32: a row of `inputs` values times this matrix is the row resized."""
    before, share = positions(inputs, outputs, align_corners)
    after = (before + 1).clamp_(max=inputs - 1)
    places = torch.arange(inputs).unsqueeze(1)
    return ((places == before) * (1 - share) + (places == after) * share).float()
