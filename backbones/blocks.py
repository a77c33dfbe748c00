"""The building blocks of every backbone: convolution with norm and activation, squeeze-and-excitation, bottleneck."""

from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from backbones.edits import make_divisible
from backbones.tables import Layer

Padding = Literal["symmetric", "same"]

BN_EPSILON = 1e-3  # the authors' and torchvision's value for MobileNetV3


class SameConv2d(nn.Conv2d):
    """Convolution with TensorFlow's SAME padding: the odd row and column of zeros go to the bottom and the right."""

    def forward(self, input: Tensor) -> Tensor:
        (top, bottom), (left, right) = (self._pads(size, axis) for axis, size in enumerate(input.shape[-2:]))
        if top == bottom and left == right:
            return F.conv2d(input, self.weight, self.bias, self.stride, (top, left), self.dilation, self.groups)
        padded = F.pad(input, (left, right, top, bottom))
        return F.conv2d(padded, self.weight, self.bias, self.stride, 0, self.dilation, self.groups)

    def _pads(self, size: int, axis: int) -> tuple[int, int]:
        """Zeros before and after an axis of `size` pixels."""
        stride, reach = self.stride[axis], self.dilation[axis] * (self.kernel_size[axis] - 1) + 1
        total = max((-(-size // stride) - 1) * stride + reach - size, 0)
        return total // 2, total - total // 2


def conv2d(
    inputs: int, outputs: int, kernel: int, *, stride: int = 1, dilation: int = 1, groups: int = 1, padding: Padding
) -> nn.Conv2d:
    """Convolution without bias whose output is ceil(input / stride); `padding` matters where stride is above 1."""
    kind = SameConv2d if padding == "same" and stride > 1 else nn.Conv2d
    pad = dilation * (kernel - 1) // 2
    return kind(inputs, outputs, kernel, stride, pad, dilation, groups, bias=False)


class HardSwish(nn.Module):
    """x * relu6(x + 3) / 6 (section 5.2).

    In place only where no gradient is recorded: its backward needs its input, so that autograd would copy that first.
    """

    def forward(self, x: Tensor) -> Tensor:
        return F.hardswish(x, inplace=not (x.requires_grad and torch.is_grad_enabled()))


def activation(name: Literal["relu", "relu6", "hswish", "none"]) -> nn.Module:
    """The nonlinearity of that name."""
    match name:
        case "relu":
            return nn.ReLU(inplace=True)
        case "relu6":
            return nn.ReLU6(inplace=True)
        case "hswish":
            return HardSwish()
        case "none":
            return nn.Identity()


class ConvNormAct(nn.Module):
    """Convolution without bias, batch norm, activation."""

    def __init__(
        self,
        inputs: int,
        outputs: int,
        kernel: int = 1,
        *,
        act: Literal["relu", "relu6", "hswish", "none"],
        stride: int = 1,
        dilation: int = 1,
        groups: int = 1,
        padding: Padding = "symmetric",
        bn_momentum: float = 0.03,
    ) -> None:
        super().__init__()
        self.conv = conv2d(inputs, outputs, kernel, stride=stride, dilation=dilation, groups=groups, padding=padding)
        self.norm = nn.BatchNorm2d(outputs, eps=BN_EPSILON, momentum=bn_momentum)
        self.act = activation(act)

    def forward(self, x: Tensor) -> Tensor:
        """[N, inputs, H, W] -> [N, outputs, ceil(H / stride), ceil(W / stride)]."""
        return self.act(self.norm(self.conv(x)))


def conv_row(inputs: int, row: Layer, padding: Padding, bn_momentum: float) -> ConvNormAct:
    """The plain convolution of a `conv` row."""
    return ConvNormAct(
        inputs, row.out, row.kernel, act=row.act, stride=row.stride, padding=padding, bn_momentum=bn_momentum
    )


class SqueezeExcite(nn.Module):
    """Scale every channel by a gate computed from the means of all channels (section 5.3)."""

    def __init__(self, channels: int, squeeze: int) -> None:
        super().__init__()
        self.squeeze = nn.Conv2d(channels, squeeze, 1)
        self.excite = nn.Conv2d(squeeze, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        """[N, C, H, W] -> same."""
        gate = x.mean((2, 3), keepdim=True)
        gate = F.hardsigmoid(self.excite(F.relu(self.squeeze(gate), inplace=True)))
        return x * gate


class Bottleneck(nn.Module):
    """Inverted residual block of one table row (MobileNetV2 section 3, MobileNetV3 figure 4)."""

    def __init__(self, inputs: int, row: Layer, padding: Padding, bn_momentum: float) -> None:
        super().__init__()
        inside = row.expand
        needs_expansion = inside != inputs  # it does but in the first block of both networks
        self.expand = (
            ConvNormAct(inputs, inside, act=row.act, bn_momentum=bn_momentum) if needs_expansion else nn.Identity()
        )
        self.depthwise = ConvNormAct(
            inside,
            inside,
            row.kernel,
            act=row.act,
            stride=row.stride,
            dilation=row.dilation,
            groups=inside,
            padding=padding,
            bn_momentum=bn_momentum,
        )
        self.se = SqueezeExcite(inside, make_divisible(inside * row.se)) if row.se else nn.Identity()
        self.project = ConvNormAct(inside, row.out, act="none", bn_momentum=bn_momentum)
        self.residual = row.stride == 1 and inputs == row.out

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """[N, inputs, H, W] -> expansion, depthwise output (before SE), block output."""
        expanded = self.expand(x)
        depthwise = self.depthwise(expanded)
        out = self.project(self.se(depthwise))
        return expanded, depthwise, out.add_(x) if self.residual else out
