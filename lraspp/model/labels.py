"""Classes of all pixels from logits at lower resolution."""

import torch
from torch import Tensor

from mnv3.lraspp.model.heads import resize

CHUNK = 65536
"""Pixels interpolated at a time: 45 MB with 19 classes. Smaller chunks are no faster and wait more for threads."""


def upsampled_labels(logits: Tensor, size: tuple[int, int], align_corners: bool) -> Tensor:
    """logits: [N, K, h, w], K at most 256 -> argmax over K of the logits resized to `size`, [N, H, W] uint8.

    Logits that differ by less than float32 rounding may swap.
    """
    if logits.device.type != "cpu" or logits.shape[-2] >= size[0]:
        return resize(logits, size, align_corners).argmax(1).byte()
    return _by_rows(logits.float(), size, align_corners)


def _by_rows(logits: Tensor, size: tuple[int, int], align_corners: bool) -> Tensor:
    """Resize in width, then in height only where needed.

    Between two rows of logits all classes change linearly, so a class that leads in both rows leads in between. Only
    the other positions, usually few at the edges of objects, are interpolated.
    """
    count, classes, rows, _ = logits.shape
    height, width = size
    wide = resize(logits, (rows, width), align_corners)
    wide = wide.permute(2, 0, 3, 1).reshape(rows, count * width, classes)  # [h, N * W, K]
    leaders = wide.argmax(-1).byte()

    above, share = _rows_above(height, rows, align_corners)
    first = torch.searchsorted(above, torch.arange(rows))  # pixel below each row of logits
    step = torch.arange(height) - first[above]  # offset of each pixel from that one
    steps = int(step.max()) + 1
    shares = torch.zeros(rows, steps).index_put_((above, step), share)

    labels = leaders[:, None].repeat(1, steps, 1)  # [h, steps, N * W]
    mixed = (leaders[:-1] != leaders[1:]).nonzero()
    for row, column in (chunk.unbind(1) for chunk in mixed.split(CHUNK)):
        start, end = wide[row, column, None], wide[row + 1, column, None]
        labels[row, :, column] = torch.lerp(start, end, shares[row, :, None]).argmax(-1).byte()
    return labels[above, step].reshape(height, count, width).transpose(0, 1)


def _rows_above(height: int, rows: int, align_corners: bool) -> tuple[Tensor, Tensor]:
    """Return for each of `height` pixels the row of logits above it, and the share [0, 1) of the next row."""
    pixels = torch.arange(height, dtype=torch.float32)
    if align_corners:
        position = pixels * ((rows - 1) / max(height - 1, 1))
    else:
        position = ((pixels + 0.5) * (rows / height) - 0.5).clamp(min=0)
    above = position.floor().clamp(max=rows - 1)
    return above.long(), position - above
