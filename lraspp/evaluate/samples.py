"""Draw a segmenter's predictions beside the truth."""

import torch
from torch import Tensor

from mnv3.lraspp.data.dataset import read_pixels
from mnv3.lraspp.data.frames import FrameData
from mnv3.lraspp.evaluate.scorer import Maps
from mnv3.tools.drawing.boxes import caption_height, captioned
from mnv3.tools.drawing.label_maps import legend, overlay
from mnv3.tools.drawing.sheets import Sheet, lay_out, panel, under
from mnv3.tools.errors import UserError

SIDE = 640  # pixels of a panel's longer side


def draw_samples(data: FrameData, maps: Maps) -> Sheet | None:
    """Draw readable frames of `maps`, their prediction and truth (ignored pixels dark), and a legend; None for none."""
    rows = [_row(data, index, predicted) for index, predicted in maps.items()]
    rows = [row for row in rows if row is not None]
    if not rows:
        return None
    sheet = lay_out(rows, columns=1, gap=2)
    names, colours = zip(*((entry.name, entry.colour) for entry in data.classes), strict=True)
    return under(sheet, panel(legend(names, colours, sheet.picture.shape[2]), "", "legend"))


def read_sample(data: FrameData, index: int) -> tuple[Tensor, Tensor | None] | None:
    """Read image [3, H, W] uint8 and true classes [H, W] uint8 (None if unlabelled) of a frame; None if unreadable."""
    try:
        image, values = read_pixels(data.frames[index])
    except (UserError, OSError):
        return None
    truth = None if values is None else torch.from_numpy(data.table[values])
    return torch.from_numpy(image.copy()).permute(2, 0, 1), truth


def _row(data: FrameData, index: int, predicted: Tensor) -> Sheet | None:
    found = read_sample(data, index)
    if found is None:
        return None
    image, truth = found
    colours, name, strip = [entry.colour for entry in data.classes], data.frames[index].name, caption_height(SIDE)
    panels = [panel(captioned(image, name, longest=SIDE), name, "image", strip)]
    for part, classes in (("prediction", predicted), ("truth", truth)):
        if classes is not None:
            painted = captioned(overlay(image, classes, colours, longest=SIDE), part)
            panels.append(panel(painted, name, part, strip))
    return lay_out(panels, columns=len(panels), gap=4)
