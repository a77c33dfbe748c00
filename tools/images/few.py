"""A few images of a data set, for what has to see some of them before training."""

from collections.abc import Sequence
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from mnv3.tools.errors import UserError
from mnv3.tools.images.read import read_image

PIXELS = 6_000_000
"""Of all images together: 6,000 places of a feature map at stride 32, four times as many at 16."""

LONGEST = 512
"""Of the longer side, at most."""


def few_images(paths: Sequence[Path], size: tuple[int, int]) -> Tensor:
    """[n, 3, h, w] float32 0..255: images spread evenly over `paths`, at `size` (h, w) or, if that is large, smaller.

    As many as have PIXELS together. What cannot be read is left out. Raises UserError: nothing can.
    """
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
