"""Random photometric distortion for both tasks."""

import math

import numpy as np
import torch
from torch import Tensor

BRIGHTNESS, CONTRAST, SATURATION, HUE = 0.125, 0.5, 0.5, 0.05
"""Largest deviation of the factors from 1, and of the hue in turns: SSD's photometric distortion, with the ranges of
torchvision's RandomPhotometricDistort. Channels are not swapped, because colour identifies blood cells."""

LUMA = torch.tensor([0.299, 0.587, 0.114])
"""Rec. 601 weights of red, green and blue in grey."""

YIQ = torch.tensor([[0.299, 0.587, 0.114], [0.5959, -0.2746, -0.3213], [0.2115, -0.5227, 0.3112]])
"""NTSC's luma and chroma; in the chroma plane a hue is an angle."""

EVERY = 4  # every fourth row and column enters the mean grey


def recolour(image: Tensor, seed: int) -> Tensor:
    """Distort the colours of [3, h, w] uint8 by `seed`.

    Brightness, contrast, saturation and hue are one matrix, rounded and clipped once: on a segmentation crop this takes
    less than half the time of torchvision's ColorJitter, which applies them one by one.
    """
    rng = np.random.default_rng(seed)
    factors = (rng.uniform(1 - share, 1 + share) for share in (BRIGHTNESS, CONTRAST, SATURATION))
    return adjust(image, *factors, hue=rng.uniform(-HUE, HUE))


def adjust(image: Tensor, brightness: float, contrast: float, saturation: float, hue: float) -> Tensor:
    """Adjust [3, h, w] uint8 by three factors (1: no change) and `hue` turns of the colour circle."""
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
