"""Cross-entropy at full resolution, of all pixels or of the hard ones (OHEM), with class weights.

On a CPU, PyTorch's cross-entropy of upsampled logits takes half of a small network's training time;
`lraspp.model.strips` computes them, and their gradient, a few rows at a time instead.
"""

import math
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.autograd.function import once_differentiable

from mnv3.lraspp.data.frames import IGNORE
from mnv3.lraspp.model.strips import cross_entropy_and_gradient, cross_entropy_of

OHEM_KEPT = 1 / 16
"""Minimum share of a batch's pixels that OHEM keeps: usual in segmentation (BiSeNet's public training)."""


def segmentation_loss(
    logits: Tensor,
    labels: Tensor,
    *,
    align_corners: bool,
    class_weights: Tensor | None = None,
    ohem: float | None = None,
    ohem_kept: float = OHEM_KEPT,
) -> Tensor:
    """Return the mean cross-entropy of the pixels that count, in float32 despite autocast; 0 if none does.

    Args:
        logits: [N, K, h, w], resized bilinearly to the labels' size, with corners aligned or not.
        labels: [N, H, W] uint8 class indices; IGNORE does not count.
        class_weights: [K] float32: the mean is weighted by the weight of a pixel's class. None: all 1.
        ohem: online hard example mining (Shrivastava et al., 2016; for pixels: Wu et al., 2016, section 4.2):
            only pixels whose class has less than this probability count. None: all count.
        ohem_kept: share of all pixels of the batch, the hardest, that always count.
    """
    with torch.autocast(logits.device.type, enabled=False):
        logits = logits.float().contiguous()
        ignored = labels == IGNORE
        index = labels.long().masked_fill_(ignored, 0)
        weights = torch.ones_like(index, dtype=torch.float32) if class_weights is None else class_weights[index]
        weights = weights.masked_fill(ignored, 0)
        if logits.device.type == "cpu":
            if ohem is not None:
                weights *= _hard(cross_entropy_of(logits.detach(), index, align_corners), ignored, ohem, ohem_kept)
            return _InStrips.apply(logits, index, weights / _total(weights), align_corners)
        full = F.interpolate(logits, tuple(index.shape[-2:]), mode="bilinear", align_corners=align_corners)
        losses = _cross_entropy(full, index)
        if ohem is not None:
            weights *= _hard(losses.detach(), ignored, ohem, ohem_kept)
        return (losses * weights).sum() / _total(weights)


def _cross_entropy(logits: Tensor, index: Tensor) -> Tensor:
    """[N, K, H, W] and [N, H, W] -> [N, H, W]; uses CUDA's deterministic operations if trainer.deterministic=true."""
    if torch.are_deterministic_algorithms_enabled():
        return -logits.log_softmax(1).gather(1, index.unsqueeze(1)).squeeze(1)
    return F.cross_entropy(logits, index, reduction="none")


def _total(weights: Tensor) -> Tensor:
    """Return the sum, 1 if nothing counts."""
    total = weights.sum()
    return torch.where(total > 0, total, 1)


def _hard(losses: Tensor, ignored: Tensor, ohem: float, kept: float) -> Tensor:
    """Return the pixels that OHEM keeps by their cross-entropy `losses`, [N, H, W] bool."""
    losses = losses.masked_fill(ignored, 0)
    return losses >= _threshold(losses, ohem, kept)


def _threshold(losses: Tensor, ohem: float, kept: float) -> Tensor:
    """Return the least loss of a hard pixel: that of probability `ohem`, or less to reach the share `kept`."""
    most = losses.new_tensor(-math.log(ohem) if ohem > 0 else math.inf)
    count = min(math.ceil(kept * losses.numel()), losses.numel())
    if count == 0:
        return most
    return torch.minimum(most, losses.flatten().topk(count, sorted=False).values.amin())


class _InStrips(torch.autograd.Function):
    """Weighted sum of the pixels' cross-entropies, with the gradient computed in the same pass."""

    @staticmethod
    def forward(ctx: Any, logits: Tensor, index: Tensor, weights: Tensor, align_corners: bool) -> Tensor:  # pyright: ignore[reportIncompatibleMethodOverride]
        if not ctx.needs_input_grad[0]:
            return (cross_entropy_of(logits, index, align_corners) * weights).sum()
        losses, gradient = cross_entropy_and_gradient(logits, index, weights, align_corners)
        ctx.save_for_backward(gradient)
        return (losses * weights).sum()

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor):  # pyright: ignore[reportIncompatibleMethodOverride]
        (gradient,) = ctx.saved_tensors
        return gradient * grad, None, None, None
