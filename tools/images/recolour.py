"""Random colours: the same distortion for both tasks."""

import math

import numpy as np
import torch
from torch import Tensor

BRIGHTNESS, CONTRAST, SATURATION, HUE = 0.125, 0.5, 0.5, 0.05
"""How far from 1 the factors go, and turns of the hue either way: SSD's photometric distortion, with the ranges of
torchvision's RandomPhotometricDistort. Channels are not swapped: colour tells blood cells."""

LUMA = torch.tensor([0.299, 0.587, 0.114])
"""Rec. 601: grey of red, green and blue."""

YIQ = torch.tensor([[0.299, 0.587, 0.114], [0.5959, -0.2746, -0.3213], [0.2115, -0.5227, 0.3112]])
"""NTSC's luma and chroma, in whose plane of chroma a hue is an angle."""

EVERY = 4  # rows and columns of which one is looked at for the mean grey


def recolour(image: Tensor, seed: int) -> Tensor:
    """Photometric distortion of [3, h, w] uint8, by `seed` alone.

    Brightness, contrast, saturation and hue are one matrix, and bytes are rounded and clipped once: on a crop of
    segmentation that takes less than half of the time of torchvision's ColorJitter, which does them one by one.
    """
    rng = np.random.default_rng(seed)
    factors = (rng.uniform(1 - share, 1 + share) for share in (BRIGHTNESS, CONTRAST, SATURATION))
    return adjust(image, *factors, hue=rng.uniform(-HUE, HUE))


def adjust(image: Tensor, brightness: float, contrast: float, saturation: float, hue: float) -> Tensor:
    """[3, h, w] uint8 with three factors, 1 for no change, and `hue` turns of the colour circle."""
    mean = LUMA @ image[:, ::EVERY, ::EVERY].float().mean((1, 2)) * brightness
    grey = LUMA.expand(3, 3)
    angle = -2 * math.pi * hue  # from red to yellow, as in HSV
    cos, sin = math.cos(angle), math.sin(angle)
    turn = torch.tensor([[1.0, 0.0, 0.0], [0.0, cos, -sin], [0.0, sin, cos]])
    mixing = torch.linalg.inv(YIQ) @ turn @ YIQ @ (saturation * torch.eye(3) + (1 - saturation) * grey)
    offset = mixing @ torch.full((3,), float((1 - contrast) * mean))
    pixels = image.contiguous().view(3, -1).float()
    found = torch.addmm(offset[:, None] + 0.5, mixing * (brightness * contrast), pixels)  # 0.5: bytes are cut off
    return found.clamp_(0, 255).to(torch.uint8).view(image.shape)
