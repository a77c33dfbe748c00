"""Pictures of what a segmenter found, beside the truth."""

import torch
from torch import Tensor

from lraspp.data.dataset import read_pixels
from lraspp.data.frames import FrameData
from lraspp.evaluate.scorer import Maps
from tools.draw import captioned, mosaic
from tools.errors import UserError
from tools.overlay import legend, overlay

SIDE = 640  # pixels of a panel's longer side


def draw_samples(data: FrameData, maps: Maps) -> Tensor | None:
    """[3, H, W] uint8: of each frame of `maps` the image, what was predicted and the truth, side by side, and a legend.

    Pixels that are ignored are dark. The truth is left out of frames without labels. Frames that cannot be read are
    left out; None if none can be.
    """
    rows = [_row(data, index, predicted) for index, predicted in maps.items()]
    rows = [row for row in rows if row is not None]
    if not rows:
        return None
    sheet = mosaic(rows, columns=1, gap=2)
    names, colours = zip(*((entry.name, entry.colour) for entry in data.classes), strict=True)
    return torch.cat([sheet, legend(names, colours, sheet.shape[2])], dim=1)


def read_sample(data: FrameData, index: int) -> tuple[Tensor, Tensor | None] | None:
    """Image [3, H, W] uint8 and true classes [H, W] uint8 of a frame, None where there are none; or None if it cannot
    be read, which scoring has said."""
    try:
        image, values = read_pixels(data.frames[index])
    except (UserError, OSError):
        return None
    truth = None if values is None else torch.from_numpy(data.table[values])
    return torch.from_numpy(image.copy()).permute(2, 0, 1), truth


def _row(data: FrameData, index: int, predicted: Tensor) -> Tensor | None:
    found = read_sample(data, index)
    if found is None:
        return None
    image, truth = found
    colours = [entry.colour for entry in data.classes]
    panels = [captioned(image, data.frames[index].name, longest=SIDE)]
    for title, classes in (("prediction", predicted), ("truth", truth)):
        if classes is not None:
            panels.append(captioned(overlay(image, classes, colours, longest=SIDE), title))
    return mosaic(panels, columns=len(panels), gap=4)
