"""Boxes, xyxy: coding against anchors, overlap, clipping. Everything broadcasts over leading dimensions."""

import torch
from torch import Tensor

CODE_SCALE = (10.0, 10.0, 5.0, 5.0)
"""Factors on (tx, ty, tw, th): the authors' faster_rcnn_box_coder and torchvision agree."""

TINY = 1e-8
"""Added to sides before the logarithm, as in the authors' coder: keeps the code of a box without width finite."""


def encode(boxes: Tensor, anchors: Tensor) -> Tensor:
    """Return the codes (tx, ty, tw, th) [..., A, 4] that turn `anchors` [A, 4] into `boxes` [..., A, 4]."""
    centres, sides = _centres_sides(boxes)
    anchor_centres, anchor_sides = _centres_sides(anchors)
    shifts = (centres - anchor_centres) / anchor_sides
    stretches = ((sides + TINY) / (anchor_sides + TINY)).log()
    return torch.cat((shifts * CODE_SCALE[0], stretches * CODE_SCALE[2]), -1)


def decode(codes: Tensor, anchors: Tensor, max_stretch: float) -> Tensor:
    """Return the boxes [..., 4] of `codes` [..., 4] and `anchors` [..., 4]; cap log-stretches at `max_stretch`."""
    anchor_centres, anchor_sides = _centres_sides(anchors)
    shifts, stretches = codes[..., :2] / CODE_SCALE[0], codes[..., 2:] / CODE_SCALE[2]
    centres = shifts * anchor_sides + anchor_centres
    half = 0.5 * (stretches.clamp(max=max_stretch).exp() * anchor_sides)
    return torch.cat((centres - half, centres + half), -1)


def pairwise_iou(a: Tensor, b: Tensor) -> Tensor:
    """Return the IoU of `a` [..., P, 4] and `b` [..., Q, 4]: [..., P, Q] in 0..1; 0 if both are empty."""
    ax1, ay1, ax2, ay2 = a.unsqueeze(-2).unbind(-1)
    bx1, by1, bx2, by2 = b.unsqueeze(-3).unbind(-1)
    overlap = (torch.minimum(ax2, bx2) - torch.maximum(ax1, bx1)).clamp_(min=0)
    overlap.mul_((torch.minimum(ay2, by2) - torch.maximum(ay1, by1)).clamp_(min=0))
    union = (area(a).unsqueeze(-1) + area(b).unsqueeze(-2)).sub_(overlap)
    return overlap.div_(union.clamp_(min=torch.finfo(union.dtype).tiny))


def area(boxes: Tensor) -> Tensor:
    """Return the areas [...] of `boxes` [..., 4]."""
    return (boxes[..., 2] - boxes[..., 0]) * (boxes[..., 3] - boxes[..., 1])


def clip(boxes: Tensor, height: float, width: float) -> Tensor:
    """Clip boxes to 0..width, 0..height."""
    upper = boxes.new_tensor((width, height, width, height))
    return torch.minimum(boxes.clamp(min=0), upper)


def _centres_sides(boxes: Tensor) -> tuple[Tensor, Tensor]:
    low, high = boxes[..., :2], boxes[..., 2:]
    sides = high - low
    return low + 0.5 * sides, sides
