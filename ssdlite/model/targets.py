"""Batched, padded tensors passed between loader, network, losses and post-processing."""

from typing import NamedTuple

from torch import Tensor

PADDING = -1
"""Label of a row of `Targets` without a box, and slot of a row of `Detections` without a detection."""


class Targets(NamedTuple):
    """Ground truth of a batch; each image has its boxes first, then padding to M rows.

    `boxes` [N, M, 4] float32: xyxy, pixels of the network input.
    `labels` [N, M] int64: class slot 1..num_slots-1, or PADDING.
    """

    boxes: Tensor
    labels: Tensor


class Raw(NamedTuple):
    """Output of the network before decoding; anchors in order of level, row, column, and shape within the cell.

    `codes` [N, A, 4]: box offsets (tx, ty, tw, th) against the anchors.
    `logits` [N, A, num_slots]: class scores before sigmoid or softmax; slot 0 is the background.
    """

    codes: Tensor
    logits: Tensor


class Detections(NamedTuple):
    """Detections of a batch, best first, padded to D = the preset's `max_detections`.

    `boxes` [N, D, 4] float32: xyxy, pixels of the original images. `scores` [N, D] float32 in 0..1; padding 0.
    `slots` [N, D] int64: class slot; padding PADDING. `counts` [N] int64: detections before the padding.
    """

    boxes: Tensor
    scores: Tensor
    slots: Tensor
    counts: Tensor
