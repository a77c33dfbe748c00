"""Label maps laid over their images, in the classes' colours, and the legend to them."""

from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor

from tools.draw import BACKDROP, LIGHT, Colour

SHARE = 0.55
"""Of the class's colour in a pixel; the rest is the image, in grey, so that its colours are not taken for classes."""
DARKENED = 0.45
"""Brightness of pixels without class: what is left of the image."""
LINE = 22
"""Height of a line of the legend, pixels."""


def overlay(image: Tensor, labels: Tensor, colours: Sequence[Colour], *, longest: int | None = None) -> Tensor:
    """Colour `image` by its label map.

    Args:
        image: [3, H, W] uint8 RGB.
        labels: [H, W] integers on the CPU; 0..K-1 are classes, all others are shown as the darkened image.
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
    """[3, H, width] uint8: a square of its colour before every name, in as many columns as fit."""
    font = ImageFont.load_default(13)
    widest = max(int(font.getlength(name)) for name in names) + LINE + 18
    columns = max(1, min(len(names), width // widest))
    rows = -(-len(names) // columns)
    sheet = Image.new("RGB", (width, rows * LINE + 8), BACKDROP)
    pen = ImageDraw.Draw(sheet)
    for place, (name, colour) in enumerate(zip(names, colours, strict=True)):
        x, y = place % columns * (width // columns) + 8, place // columns * LINE + 4
        pen.rectangle((x, y + 4, x + 14, y + 18), fill=tuple(colour), outline=LIGHT)
        pen.text((x + 22, y + LINE / 2), name, font=font, fill=LIGHT, anchor="lm")
    return torch.from_numpy(np.array(sheet)).permute(2, 0, 1).contiguous()
