"""Lovasz-softmax: a surrogate of the mean IoU, in which small classes weigh as much as large ones.

Berman, Triki and Blaschko, 2018: https://arxiv.org/abs/1705.08790. The batch counts as one image, with the classes
present in it (section 3.1, "batch" and "present").
"""

import numpy as np
import torch
from torch import Tensor

from mnv3.lraspp.data.frames import IGNORE
from mnv3.lraspp.model.bilinear import resizing_matrix

GRID = 4
"""Step of the grid of pixels used, whose offset is drawn in every training step: neighbours are nearly equal, and
sorting all pixels would cost more than the network."""


def lovasz_on_grid(logits: Tensor, labels: Tensor, align_corners: bool) -> Tensor:
    """Apply `lovasz_softmax` to a grid of pixels of `labels` [N, H, W] uint8 and of `logits` [N, K, h, w] resized."""
    first = torch.randint(GRID, (2,)).tolist()
    height, width = labels.shape[-2:]
    top, left = min(first[0], height - 1), min(first[1], width - 1)
    with torch.autocast(logits.device.type, enabled=False):
        rows = resizing_matrix(logits.shape[2], height, align_corners)[:, top::GRID].to(logits.device)
        columns = resizing_matrix(logits.shape[3], width, align_corners)[:, left::GRID].to(logits.device)
        grid = rows.T @ (logits.float().contiguous() @ columns)
        return lovasz_softmax(grid.softmax(1), labels[:, top::GRID, left::GRID])


def lovasz_softmax(probabilities: Tensor, labels: Tensor) -> Tensor:
    """Return the mean over the classes in `labels` of the Lovasz extension of the Jaccard loss; 0 without classes.

    probabilities: [N, K, H, W]. labels: [N, H, W] uint8 class indices; IGNORE does not count.
    """
    classes = probabilities.shape[1]
    found = probabilities.transpose(0, 1).reshape(classes, -1)  # [K, P]
    labels = labels.reshape(1, -1)
    true = labels == torch.arange(classes, device=labels.device, dtype=labels.dtype).unsqueeze(1)
    errors = (true.float() - found).abs().masked_fill(labels == IGNORE, 0)  # sorted last, where they add 0
    pixels = true.sum(1, dtype=torch.float32)
    losses = (errors * _jaccard_steps(errors.detach(), true, pixels)).sum(1)
    present = pixels > 0
    return (losses * present).sum() / present.sum().clamp(min=1)


def _jaccard_steps(errors: Tensor, true: Tensor, pixels: Tensor) -> Tensor:
    """Return [K, P], the growth of a class's Jaccard loss if this pixel is wrong after all with larger errors
    (algorithm 1 of the paper). `pixels` [K]: true ones."""
    order = _descending(errors)
    wrong = true.gather(1, order).cumsum(1).float()  # true pixels so far; integers, as CUDA's float sums vary in order
    ranks = torch.arange(1, order.shape[1] + 1, device=order.device, dtype=torch.float32)
    whole = pixels.unsqueeze(1)
    jaccard = 1 - (whole - wrong) / (whole + ranks - wrong)
    steps = torch.diff(jaccard, dim=1, prepend=jaccard.new_zeros(len(jaccard), 1))
    return torch.empty_like(steps).scatter_(1, order, steps)


def _descending(errors: Tensor) -> Tensor:
    """Return the order of each row, largest first. NumPy's sort is six times as fast as PyTorch's on a CPU."""
    if errors.device.type != "cpu":
        return errors.argsort(1, descending=True)
    return torch.from_numpy(np.argsort(-errors.numpy(), 1))
