"""Label maps of a batch, shared by validation and `mnv3 eval` so that both score the same."""

import torch
import torch.nn.functional as F
from torch import Tensor

from mnv3.lraspp.model.segmenter import Segmenter

PIXELS = 4 * 1024 * 2048
"""Network input at a time: batches of larger frames are split, because their activations fill the memory."""


@torch.no_grad()
def predict(
    segmenter: Segmenter,
    images: Tensor,
    size: tuple[int, int],
    rows: int = 1,
    *,
    input_size: tuple[int, int] | None = None,
    flip: bool = False,
    scales: tuple[float, ...] = (1.0,),
    dtype: torch.dtype = torch.float32,
) -> Tensor:
    """Return the class of every pixel, [N, H, W] uint8, of `images` [N, 3, h, w] uint8 at the labels' `size` (H, W).

    `input_size`: (h, w) of the network's input, None for that of the images. `flip`: mirrored images too; `scales`: the
    input at these scales instead; softmax probabilities are averaged at full size. Runs in `dtype`, whatever the
    precision of training. A batch of fewer than `rows` images is filled up with repetitions: convolutions can differ in
    the last bit between batch sizes, and at a fixed size a frame's classes do not depend on the rest of its batch.
    """
    count = len(images)
    pixels = images.shape[-2] * images.shape[-1] if input_size is None else input_size[0] * input_size[1]
    at_once = max(1, min(rows, PIXELS // pixels))
    filled = torch.arange(-(-count // at_once) * at_once, device=images.device) % count
    parts = []
    with torch.autocast(images.device.type, dtype, enabled=dtype != torch.float32):
        for part in filled.split(at_once):
            inputs = resized(images[part], input_size)
            if flip or scales != (1.0,):
                parts.append(_averaged(segmenter, inputs, size, flip, scales))
            else:
                parts.append(segmenter.labels(segmenter(inputs), size))
    return torch.cat(parts)[:count]


def _averaged(
    segmenter: Segmenter, inputs: Tensor, size: tuple[int, int], flip: bool, scales: tuple[float, ...]
) -> Tensor:
    """Return the argmax of mean probabilities, frame by frame: at 1024 x 2048 those of one frame take 160 MB."""
    labels = []
    for image in inputs.split(1):
        total = torch.zeros((), device=image.device)
        for scale in scales:
            scaled = resized(image, tuple(max(1, round(side * scale)) for side in image.shape[-2:]))
            for mirrored in (False, True) if flip else (False,):
                logits = segmenter(scaled.flip(-1) if mirrored else scaled)
                found = segmenter.upsample(logits.float(), size).softmax(1)
                total = total + (found.flip(-1) if mirrored else found)
        labels.append(total.argmax(1).to(torch.uint8))
    return torch.cat(labels)


def resized(images: Tensor, size: tuple[int, ...] | None) -> Tensor:
    """[N, 3, h, w] uint8 -> [N, 3, *size] uint8, by the same rule as training (`lraspp.data.view`)."""
    if size is None or images.shape[-2:] == size:
        return images
    resized = F.interpolate(images.float(), size, mode="bilinear", align_corners=False, antialias=True)
    return resized.round_().clamp_(0, 255).to(torch.uint8)
