"""Fixtures of the backbone tests."""

from collections.abc import Callable

import pytest
import torch
from torch import nn


@pytest.fixture
def randomise() -> Callable[[nn.Module], nn.Module]:
    """Give a network batch statistics and scales that differ by channel, and put it in evaluation mode."""

    def apply(network: nn.Module) -> nn.Module:
        generator = torch.Generator().manual_seed(0)
        for layer in network.modules():
            if isinstance(layer, nn.BatchNorm2d):
                nn.init.uniform_(layer.weight, 0.5, 1.5, generator)
                nn.init.normal_(layer.bias, 0, 0.1, generator)
                assert layer.running_mean is not None and layer.running_var is not None
                nn.init.normal_(layer.running_mean, 0, 0.1, generator)
                nn.init.uniform_(layer.running_var, 0.5, 1.5, generator)
        return network.eval()

    return apply
