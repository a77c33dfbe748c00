"""Label maps in class colours over their images, and the legend."""

from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from mnv3.tools.drawing.paint import DARKENED, SHARE, Colour, paint_legend


def overlay(image: Tensor, labels: Tensor, colours: Sequence[Colour], *, longest: int | None = None) -> Tensor:
    """Blend `image` with the colours of its label map.

    Args:
        image: [3, H, W] uint8 RGB.
        labels: [H, W] integers on the CPU; 0..K-1 are classes, all others appear as the darkened image.
        colours: K colours.
        longest: longer side of the picture; None keeps the image's.

    Returns:
        [3, H', W'] uint8 RGB.
    """
    height, width = image.shape[1:]
    if longest is not None and max(height, width) != longest:
        scale = longest / max(height, width)
        size = max(1, round(height * scale)), max(1, round(width * scale))
        image = F.interpolate(image[None], size, mode="bilinear", antialias=True)[0]
        labels = F.interpolate(labels[None, None].float(), size, mode="nearest-exact")[0, 0].long()
    table = torch.tensor([*colours, (0, 0, 0)], dtype=torch.float32)
    known = (labels >= 0) & (labels < len(colours))
    grey = image.float().mean(dim=0, keepdim=True)
    tint = table[torch.where(known, labels.long(), len(colours))].permute(2, 0, 1)
    mixed = SHARE * tint + (1 - SHARE) * grey
    return torch.where(known, mixed, DARKENED * image).round().to(torch.uint8)


def legend(names: Sequence[str], colours: Sequence[Colour], width: int) -> Tensor:
    """As `tools.drawing.paint.paint_legend`, but [3, H, width] uint8."""
    return torch.from_numpy(np.array(paint_legend(names, colours, width))).permute(2, 0, 1).contiguous()
