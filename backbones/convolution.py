"""Convolution with PyTorch's or TensorFlow's padding and a sound, fast backward in bfloat16."""

from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

Padding = Literal["symmetric", "same"]


class Convolution(nn.Conv2d):
    """Convolution without bias whose output is ceil(input / stride).

    `padding` decides where the zeros go when an even size meets a stride above 1: "symmetric" pads all sides equally,
    "same" is TensorFlow's SAME, with one row and column fewer at the top and the left.
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        kernel: int,
        *,
        stride: int = 1,
        dilation: int = 1,
        groups: int = 1,
        padding: Padding = "symmetric",
    ) -> None:
        super().__init__(inputs, outputs, kernel, stride, dilation * (kernel - 1) // 2, dilation, groups, bias=False)
        self.same = padding == "same" and stride > 1
        self.bad_in_bfloat16 = groups == inputs > 1 and (stride > 1 or kernel > 3 or dilation > 1)

    def forward(self, input: Tensor) -> Tensor:
        x, padding = self._pad(input) if self.same else (input, self.padding)
        if self._trains_in_float32(x):
            with torch.autocast("cpu", enabled=False):
                return self._convolve(x.float(), padding).to(x.dtype)
        return self._convolve(x, padding)

    def _convolve(self, x: Tensor, padding: int | str | tuple[int, ...]) -> Tensor:
        return F.conv2d(x, self.weight, self.bias, self.stride, padding, self.dilation, self.groups)

    def _pad(self, x: Tensor) -> tuple[Tensor, tuple[int, ...]]:
        """Apply asymmetric SAME padding and return padding 0; leave symmetric padding to the convolution (no copy)."""
        (top, bottom), (left, right) = self.same_pads(x)
        if top == bottom and left == right:
            return x, (top, left)
        return F.pad(x, (left, right, top, bottom)), (0, 0)

    def same_pads(self, x: Tensor) -> list[tuple[int, int]]:
        """Return the zeros that SAME adds before and after `x` along height and width."""
        return [self._same_pads(size, axis) for axis, size in enumerate(x.shape[-2:])]

    def _same_pads(self, size: int, axis: int) -> tuple[int, int]:
        stride, reach = self.stride[axis], self.dilation[axis] * (self.kernel_size[axis] - 1) + 1
        total = max((-(-size // stride) - 1) * stride + reach - size, 0)
        return total // 2, total - total // 2

    def _trains_in_float32(self, x: Tensor) -> bool:
        """Whether to override autocast to bfloat16 on a CPU.

        oneDNN's bfloat16 backward of depthwise convolutions with stride or 5x5 kernels is 2 to 12 times slower than
        float32, casts included (measured on an AVX512-BF16 machine), and the kernel's gradient of dilated ones is wrong
        (torch 2.14 there: as far from the true one as it is large, or infinite). All others are faster in bfloat16.
        """
        mixed = x.dtype == torch.bfloat16 and self.weight.dtype == torch.float32 and x.device.type == "cpu"
        return self.bad_in_bfloat16 and mixed and torch.is_grad_enabled()
