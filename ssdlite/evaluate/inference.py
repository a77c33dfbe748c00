"""Detections of a batch, shared by validation and `mnv3 eval` so that both score the same."""

import torch
from torch import Tensor

from mnv3.ssdlite.model.detector import Detector
from mnv3.ssdlite.model.targets import Detections

STEADY = 16
"""Batch size from which oneDNN's float32 results do not depend on the number of threads (measured for Large and Small
at 160x224 and 320x320, batches of 1 to 32, 1 to 4 threads)."""


@torch.no_grad()
def predict(
    detector: Detector, images: Tensor, sizes: Tensor, rows: int = STEADY, dtype: torch.dtype = torch.float32
) -> Detections:
    """Return detections of `images` [N, 3, h, w] in pixels of their files, whose (H, W) are `sizes` [N, 2].

    Runs in `dtype`, whatever the precision of training. A batch of fewer than `rows` images (the last one, or every
    one of a process among several) is filled up with repetitions: convolutions can differ in the last bit between batch
    sizes, and at a fixed size an image's detections do not depend on the rest of its batch.
    """
    count = len(images)
    filled = torch.arange(max(rows, STEADY, count), device=images.device) % count
    if len(filled) > count:
        images, sizes = images[filled], sizes[filled.to(sizes.device)]
    with torch.autocast(images.device.type, dtype, enabled=dtype != torch.float32):
        found = detector.detect(detector(images), sizes)
    return Detections(*(column[:count] for column in found))
