"""Convolutions for inference on a CPU: weights packed once, the activation computed on the way out."""

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
"""oneDNN's name of each activation, and its scalars."""


class PackedConvolution(nn.Module):
    """A convolution and its activation, for float32 inference on a CPU.

    In eager mode PyTorch brings a convolution's weights into oneDNN's own order at every call, leaves small inputs to
    a slower kernel, and passes over the output once more for the activation. This does the first once, and the last
    two not at all. The operations are those that `torch.compile` uses; PyTorch does not document them, hence
    `can_pack`.

    Lopsided SAME padding costs no copy either: the kernel gets a row and a column of zeros and so is symmetric again.
    Which padding that takes and which order is best depends on the input's shape, so that another one packs anew.
    Weights that change after the first call are not seen.
    """

    def __init__(self, conv: nn.Conv2d, act: nn.Module) -> None:
        super().__init__()
        self.conv = conv
        self.act = act
        self.shape: torch.Size | None = None  # of the input for which `arguments` are
        self.arguments: tuple[Any, ...] = ()

    def forward(self, x: Tensor) -> Tensor:
        """As `act(conv(x))`, which it is for an `x` that is elsewhere or of another type."""
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
        """Without what is packed: it cannot be copied."""
        return {**self.__dict__, "shape": None, "arguments": ()}


def can_pack(conv: nn.Conv2d) -> bool:
    """Whether `PackedConvolution` is of use for a convolution."""
    operations = torch.backends.mkldnn.is_available() and all(hasattr(torch.ops.mkldnn, name) for name in OPERATIONS)
    return operations and conv.weight.is_cpu and conv.weight.dtype == torch.float32
