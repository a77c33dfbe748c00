"""Convolutions for inference on a CPU, with weights packed once and the activation fused."""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mnv3.backbones.blocks import HardSwish
from mnv3.backbones.convolution import Convolution

OPERATIONS = ("_reorder_convolution_weight", "_convolution_pointwise")

ACTIVATIONS: dict[type[nn.Module], tuple[str, list[float]]] = {
    nn.Identity: ("none", []),
    nn.ReLU: ("relu", []),
    nn.ReLU6: ("hardtanh", [0.0, 6.0]),
    HardSwish: ("hardswish", []),
}
"""Activation layer -> oneDNN's name and scalars."""


class PackedConvolution(nn.Module):
    """A convolution and its activation, for float32 inference on a CPU.

    In eager mode PyTorch reorders a convolution's weights for oneDNN at every call, uses a slower kernel for small
    inputs, and reads the output once more for the activation. This class reorders once and avoids the other two, with
    the operations that `torch.compile` uses; PyTorch does not document them, hence `can_pack`.

    Asymmetric SAME padding needs no copy either: a row and a column of zeros make the kernel symmetric again. Padding
    and best order depend on the input's shape, so a new shape packs again. Later weight changes have no effect.
    """

    def __init__(self, conv: nn.Conv2d, act: nn.Module) -> None:
        super().__init__()
        self.conv = conv
        self.act = act
        self.shape: torch.Size | None = None  # of the input that `arguments` fit
        self.arguments: tuple[Any, ...] = ()

    def forward(self, x: Tensor) -> Tensor:
        """Compute `act(conv(x))`; the plain way if `x` is not float32 on a CPU."""
        if x.dtype != torch.float32 or not x.is_cpu:
            return self.act(self.conv(x))
        if x.shape != self.shape:
            self._pack(x)
        return torch.ops.mkldnn._convolution_pointwise.default(x, *self.arguments)

    @torch.no_grad()
    def _pack(self, x: Tensor) -> None:
        conv, weight = self.conv, self.conv.weight
        padding = list(conv.padding)
        if isinstance(conv, Convolution) and conv.same:
            (top, bottom), (left, right) = conv.same_pads(x)
            assert max(conv.dilation) == 1, "a row of zeros would pad by more than one pixel"
            weight, padding = F.pad(weight, (right - left, 0, bottom - top, 0)), [bottom, right]
        geometry = (padding, conv.stride, conv.dilation, conv.groups)
        packed = torch.ops.mkldnn._reorder_convolution_weight(weight, *geometry, list(x.shape))
        self.arguments = (packed, conv.bias, *geometry, *ACTIVATIONS[type(self.act)], "")
        self.shape = x.shape

    def __getstate__(self) -> dict[str, Any]:
        """Leave out packed weights, which cannot be copied."""
        return {**self.__dict__, "shape": None, "arguments": ()}


def can_pack(conv: nn.Conv2d) -> bool:
    """Whether `PackedConvolution` supports this convolution on this machine."""
    operations = torch.backends.mkldnn.is_available() and all(hasattr(torch.ops.mkldnn, name) for name in OPERATIONS)
    return operations and conv.weight.is_cpu and conv.weight.dtype == torch.float32
