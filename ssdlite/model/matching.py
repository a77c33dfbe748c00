"""Which anchor learns which ground-truth box."""

import torch
from torch import Tensor

from mnv3.ssdlite.model.boxes import pairwise_iou
from mnv3.ssdlite.model.targets import Targets

UNMATCHED = -1


def match_anchors(anchors: Tensor, targets: Targets, threshold: float, first_wins: bool) -> Tensor:
    """Index of the box that each anchor learns, [N, A] int64, or UNMATCHED: background.

    An anchor takes the box that it overlaps most if the overlap reaches `threshold`. Then each box takes the anchor
    that overlaps it most, whatever the overlap. Of several boxes that want the same anchor so, the first in the list
    gets it (`first_wins`, the authors' matcher) or the last (torchvision's); the others may end with no anchor.
    """
    boxes, labels = targets
    real = labels >= 0  # [N, M]
    iou = pairwise_iou(
        boxes.where(real[..., None], 0.0), anchors
    )  # [N, M, A]: long rows are fast; padding overlaps nothing
    overlap, box = iou.max(1)
    match = box.masked_fill(overlap < threshold, UNMATCHED)

    count = labels.shape[1]
    nobody = count if first_wins else UNMATCHED
    claims = torch.arange(count, device=labels.device).expand_as(labels).masked_fill(~real, nobody)
    claimed = torch.full_like(match, nobody).scatter_reduce(1, iou.argmax(2), claims, "amin" if first_wins else "amax")
    return torch.where(claimed == nobody, match, claimed)
