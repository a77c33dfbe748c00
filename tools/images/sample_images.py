"""Sample images of a data set for fitting a halved tail before training."""

from collections.abc import Sequence
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from mnv3.tools.errors import UserError
from mnv3.tools.images.read import read_image

PIXELS = 6_000_000
"""Pixels of all images together: 6,000 places of a feature map at stride 32, four times as many at 16."""

LONGEST = 512
"""Most pixels of the longer side."""


def few_images(paths: Sequence[Path], size: tuple[int, int]) -> Tensor:
    """Return [n, 3, h, w] float32 0..255: images evenly spread over `paths`, at `size` (h, w) or smaller.
    As many as have PIXELS together, without unreadable ones. Raises UserError if none can be read."""
    shrink = min(1.0, LONGEST / max(size))
    height, width = (max(1, round(side * shrink)) for side in size)
    count = min(len(paths), -(-PIXELS // (height * width)))
    found, problems = [], []
    for path in (paths[i * len(paths) // count] for i in range(count)):
        try:
            image = read_image(path)
        except UserError as error:
            problems += error.problems
            continue
        found.append(F.interpolate(image[None].float(), (height, width), mode="bilinear", antialias=True))
    if not found:
        raise UserError(*problems)
    return torch.cat(found)
