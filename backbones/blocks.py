"""The building blocks of every backbone: convolution with norm and activation, squeeze-and-excitation, bottleneck."""

from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mnv3.backbones.convolution import Convolution, Padding
from mnv3.backbones.edits import squeeze_width
from mnv3.backbones.tables import Layer

BN_EPSILON = 1e-3  # the authors' value for all their networks, and torchvision's for MobileNetV3


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
        self.conv = Convolution(
            inputs, outputs, kernel, stride=stride, dilation=dilation, groups=groups, padding=padding
        )
        self.norm: nn.Module = nn.BatchNorm2d(outputs, eps=BN_EPSILON, momentum=bn_momentum)
        self.act = activation(act)

    def forward(self, x: Tensor) -> Tensor:
        """[N, inputs, H, W] -> [N, outputs, ceil(H / stride), ceil(W / stride)]."""
        return self.act(self.norm(self.conv(x)))


def conv_row(inputs: int, row: Layer, padding: Padding, bn_momentum: float) -> ConvNormAct:
    """The plain convolution of a `conv` row."""
    return ConvNormAct(
        inputs, row.out, row.kernel, act=row.act, stride=row.stride, padding=padding, bn_momentum=bn_momentum
    )


def depthwise_row(channels: int, row: Layer, padding: Padding, bn_momentum: float) -> ConvNormAct:
    """The depthwise convolution of a block with `channels` inside."""
    return ConvNormAct(
        channels,
        channels,
        row.kernel,
        act=row.act,
        stride=row.stride,
        dilation=row.dilation,
        groups=channels,
        padding=padding,
        bn_momentum=bn_momentum,
    )


class SqueezeExcite(nn.Module):
    """Scale every channel by a gate computed from the means of all channels (section 5.3)."""

    def __init__(self, channels: int, squeeze: int, gate: Literal["hard_sigmoid", "sigmoid"]) -> None:
        super().__init__()
        self.hard = gate == "hard_sigmoid"
        self.squeeze = nn.Conv2d(channels, squeeze, 1)
        self.excite = nn.Conv2d(squeeze, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        """[N, C, H, W] -> same."""
        # Not x.mean(): its backward would write a full-sized tensor only to divide it.
        mean = x.sum((2, 3), keepdim=True) / (x.shape[2] * x.shape[3])
        gate = self.excite(F.relu(self.squeeze(mean), inplace=True))
        return x * (F.hardsigmoid(gate) if self.hard else gate.sigmoid())


class Separable(nn.Module):
    """Depthwise separable convolution of one table row, both parts activated (MobileNets, figure 3)."""

    def __init__(self, inputs: int, row: Layer, padding: Padding, bn_momentum: float) -> None:
        super().__init__()
        self.depthwise = depthwise_row(inputs, row, padding, bn_momentum)
        self.pointwise = ConvNormAct(inputs, row.out, act=row.act, bn_momentum=bn_momentum)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """[N, inputs, H, W] -> the input for want of an expansion, depthwise output, output."""
        depthwise = self.depthwise(x)
        return x, depthwise, self.pointwise(depthwise)


class Bottleneck(nn.Module):
    """Inverted residual block of one table row (MobileNetV2 section 3, MobileNetV3 figure 4)."""

    def __init__(self, inputs: int, row: Layer, padding: Padding, bn_momentum: float) -> None:
        super().__init__()
        inside = row.expand
        needs_expansion = inside != inputs  # it does but in the first block of every network
        self.expand = (
            ConvNormAct(inputs, inside, act=row.act, bn_momentum=bn_momentum) if needs_expansion else nn.Identity()
        )
        self.depthwise = depthwise_row(inside, row, padding, bn_momentum)
        self.se = SqueezeExcite(inside, squeeze_width(row, inputs), row.se.gate) if row.se else nn.Identity()
        self.project = ConvNormAct(inside, row.out, act="none", bn_momentum=bn_momentum)
        self.residual = row.stride == 1 and inputs == row.out

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """[N, inputs, H, W] -> expansion, depthwise output (before SE), block output."""
        expanded = self.expand(x)
        depthwise = self.depthwise(expanded)
        out = self.project(self.se(depthwise))
        return expanded, depthwise, out.add_(x) if self.residual else out
