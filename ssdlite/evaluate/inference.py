"""Detections of a batch: the one way, for training's validation and for `mnv3 eval`, so that both score the same."""

import torch
from torch import Tensor

from mnv3.ssdlite.model.detector import Detector
from mnv3.ssdlite.model.targets import Detections

STEADY = 16
"""Images from which on oneDNN's float32 results no longer depend on the number of threads (measured for Large and
Small at 160x224 and 320x320, batches of 1 to 32, 1 to 4 threads)."""


@torch.no_grad()
def predict(
    detector: Detector, images: Tensor, sizes: Tensor, rows: int = STEADY, dtype: torch.dtype = torch.float32
) -> Detections:
    """Detections of `images` [N, 3, h, w], whose files are `sizes` [N, 2] (H, W), in those files' pixels.

    Float32 unless `dtype` asks for less, whatever the precision of training. A batch of fewer than `rows` images (the
    last one, or all of a process among several) is filled up with repetitions: convolutions may differ in the last bit
    between batch sizes, and with one size an image's detections do not depend on the images beside it.
    """
    count = len(images)
    filled = torch.arange(max(rows, STEADY, count), device=images.device) % count
    if len(filled) > count:
        images, sizes = images[filled], sizes[filled.to(sizes.device)]
    with torch.autocast(images.device.type, dtype, enabled=dtype != torch.float32):
        found = detector.detect(detector(images), sizes)
    return Detections(*(column[:count] for column in found))
