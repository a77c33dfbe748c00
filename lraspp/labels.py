"""The classes of all pixels from logits at a fraction of the resolution."""

import torch
from torch import Tensor

from lraspp.heads import resize


def upsampled_labels(logits: Tensor, size: tuple[int, int], align_corners: bool) -> Tensor:
    """logits [N, K, h, w] -> argmax over K of the logits resized to `size`, [N, H, W] uint8."""
    return resize(logits, size, align_corners).argmax(1).to(torch.uint8)
