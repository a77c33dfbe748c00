"""Initial random weights, and how to skip them when a network's weights are loaded next."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from torch import nn

_wanted = ContextVar("wanted", default=True)


@contextmanager
def no_initial_weights() -> Iterator[None]:
    """Skip `init_truncated_normal` for networks built inside: drawing weights takes longer than reading them."""
    token = _wanted.set(False)
    try:
        yield
    finally:
        _wanted.reset(token)


def init_truncated_normal(module: nn.Module, std: float = 0.03) -> None:
    """Draw all convolution kernels from a normal distribution of deviation `std`, cut at 2 `std`; set biases to 0.

    0.03 is the value of the authors' detection configs for backbone and extra layers.
    """
    if not _wanted.get():
        return
    for layer in module.modules():
        if isinstance(layer, nn.Conv2d):
            nn.init.trunc_normal_(layer.weight, std=std, a=-2 * std, b=2 * std)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
