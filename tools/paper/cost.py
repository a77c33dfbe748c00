"""Counts parameters and multiply-adds by the rules that reproduce the paper's tables."""

from math import prod
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn


class Cost(NamedTuple):
    """Cost of a network, each a count of single numbers or operations."""

    conv_params: int  # weights and biases of convolutions and linear layers; the paper's Params
    trainable_params: int  # the same plus batch norm's scales and offsets
    madds: int  # multiply-adds of convolutions and linear layers without bias; the paper's MAdds


class RowCost(NamedTuple):
    """Cost of a network for comparison with a row of the paper's tables."""

    params: int  # by the table's own rule
    params_plain: int  # all trainable parameters
    madds: int  # by the table's own rule
    madds_plain: int  # convolutions only, at the table's input size
    half_madds: int | None = None  # by the table's own rule, at half the size


def count(module: nn.Module, *example_inputs: Any) -> Cost:
    """Count one forward pass of `module` on `example_inputs` in evaluation mode; the module's mode is restored.
    Use a batch of one for the cost of an image. On the meta device nothing is computed."""
    modes = [(part, part.training) for part in module.modules()]
    layers = [layer for layer in module.modules() if isinstance(layer, (nn.Conv2d, nn.Linear))]
    madds = 0

    def add(layer: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        nonlocal madds
        assert isinstance(layer, (nn.Conv2d, nn.Linear))
        madds += output.numel() * prod(layer.weight.shape[1:])

    hooks = [layer.register_forward_hook(add) for layer in layers]
    try:
        with torch.no_grad():
            module.eval()(*example_inputs)
    finally:
        for part, training in modes:
            part.training = training
        for hook in hooks:
            hook.remove()
    return Cost(
        conv_params=sum(p.numel() for layer in layers for p in layer.parameters(recurse=False)),
        trainable_params=sum(p.numel() for p in module.parameters() if p.requires_grad),
        madds=madds,
    )
