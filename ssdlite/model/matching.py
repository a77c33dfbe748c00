"""Match anchors to ground-truth boxes."""

import torch
from torch import Tensor

from mnv3.ssdlite.model.boxes import pairwise_iou
from mnv3.ssdlite.model.targets import Targets

UNMATCHED = -1


def match_anchors(anchors: Tensor, targets: Targets, threshold: float, first_wins: bool) -> Tensor:
    """Return the index of the box that each anchor learns, [N, A] int64; UNMATCHED for background.

    An anchor takes the box that it overlaps most if the overlap reaches `threshold`. Then each box takes the anchor
    that overlaps it most, at any overlap. If several boxes claim the same anchor, the first in the list gets it
    (`first_wins`, the authors' matcher) or the last (torchvision's); the others may get no anchor.
    """
    boxes, labels = targets
    real = labels >= 0  # [N, M]
    iou = pairwise_iou(boxes.where(real[..., None], 0.0), anchors)  # [N, M, A]; padding overlaps nothing
    overlap, box = iou.max(1)
    match = box.masked_fill(overlap < threshold, UNMATCHED)

    count = labels.shape[1]
    no_box = count if first_wins else UNMATCHED
    claims = torch.arange(count, device=labels.device).expand_as(labels).masked_fill(~real, no_box)
    claimed = torch.full_like(match, no_box).scatter_reduce(1, iou.argmax(2), claims, "amin" if first_wins else "amax")
    return torch.where(claimed == no_box, match, claimed)
