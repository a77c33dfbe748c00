"""Losses over a whole batch, computed in float32 at any precision of the network."""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.autograd.function import once_differentiable

NEGATIVES_PER_POSITIVE = 3  # SSD, section 2.2, "hard negative mining"


def box_loss(codes: Tensor, wanted: Tensor, positive: Tensor) -> Tensor:
    """Return the sum of smooth L1 losses (delta 1) of `codes` [N, A, 4] against `wanted`, where `positive` [N, A]."""
    loss = F.smooth_l1_loss(codes.float(), wanted, reduction="none").sum(-1)
    return loss.where(positive, 0.0).sum()


def focal_loss(logits: Tensor, slots: Tensor, alpha: float) -> Tensor:
    """Return the sum of sigmoid focal losses (RetinaNet, section 3; gamma 2) of `logits` [N, A, num_slots].

    `slots` [N, A]: slot of the class that an anchor learns; 0 for background, a negative for every column. The
    background's own column is always a negative and counts, as in the authors' code.

    The gradient stays float32 until it is scaled: in float16, easy negatives' underflows before 16-mixed's factor.
    """
    return _Focal.apply(logits.float(), slots, alpha)


class _Focal(torch.autograd.Function):
    """Loss and gradient in one pass over the float32 logits: all columns as negatives, then corrected at the positives.

    With autograd the loss takes a third of a training step's time on a CPU, mostly in passes over memory.
    """

    @staticmethod
    def forward(ctx: Any, logits: Tensor, slots: Tensor, alpha: float) -> Tensor:
        p = logits.sigmoid()
        loss = F.softplus(logits)  # -log(1 - p)
        grad = p * p
        total = loss.mul_(grad).sum() * (1 - alpha)

        index = slots.unsqueeze(-1)
        positive = index > 0
        at = logits.gather(-1, index)
        q = at.sigmoid()
        correction = alpha * (1 - q) ** 2 * F.softplus(-at) - (1 - alpha) * q**2 * F.softplus(at)
        total += correction.where(positive, 0.0).sum()

        if ctx.needs_input_grad[0]:
            # d/dx p^2 softplus(x) = 2 p^2 (1 - p) softplus(x) + p^3
            grad.mul_(p).add_(loss, alpha=2).addcmul_(p, loss, value=-2).mul_(1 - alpha)
            slope = alpha * (1 - q) ** 2 * (q - 1 - 2 * q * F.softplus(-at))
            grad.scatter_(-1, index, torch.where(positive, slope, grad.gather(-1, index)))
            ctx.save_for_backward(grad)
        return total

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None, None]:
        (grad,) = ctx.saved_tensors
        return grad * grads[0], None, None


def hard_negative_loss(logits: Tensor, slots: Tensor) -> Tensor:
    """Return the sum of softmax cross-entropies of the positives and, per image, three times as many worst negatives.

    `slots` [N, A] as in `focal_loss`. SSD, section 2.2, as torchvision computes it.
    """
    loss = F.cross_entropy(logits.float().flatten(0, 1), slots.flatten(), reduction="none").view_as(slots)
    positive = slots > 0
    wanted = NEGATIVES_PER_POSITIVE * positive.sum(1, keepdim=True)
    rank = loss.detach().masked_fill(positive, -torch.inf).argsort(1, descending=True).argsort(1)
    # If negatives run out, positives count twice, as in torchvision.
    return loss.where(positive, 0.0).sum() + loss.where(rank < wanted, 0.0).sum()
