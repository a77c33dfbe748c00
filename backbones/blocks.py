"""The building blocks of every backbone: convolution with norm and activation, squeeze-and-excitation, block."""

from collections.abc import Collection
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mnv3.backbones.convolution import Convolution, Padding
from mnv3.backbones.rows import Activation, Conv, Layer, convolutions, has_shortcut

BN_EPSILON = 1e-3  # the authors' value for all their networks, and torchvision's for MobileNetV3


class HardSwish(nn.Module):
    """x * relu6(x + 3) / 6 (section 5.2).

    In place only without gradients: the backward needs the input, so autograd would copy it first.
    """

    def forward(self, x: Tensor) -> Tensor:
        return F.hardswish(x, inplace=not (x.requires_grad and torch.is_grad_enabled()))


def activation(name: Activation) -> nn.Module:
    """Return the activation layer called `name`."""
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
        act: Activation,
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


class Block(nn.Module):
    """The convolutions of one table row in sequence, and its shortcut.

    Depthwise separable (MobileNets, figure 3) or an inverted residual (MobileNetV2 section 3, MobileNetV3 figure 4).
    """

    def __init__(self, inputs: int, row: Layer, padding: Padding, bn_momentum: float) -> None:
        super().__init__()
        for conv in convolutions(row, inputs):
            if conv.norm:
                self.add_module(conv.part, conv_norm_act(conv, padding, bn_momentum))
            elif conv.part == "se.squeeze" and row.se:
                self.se = SqueezeExcite(conv.inputs, conv.outputs, row.se.gate)
        self.residual = has_shortcut(row, inputs)

    def forward(self, x: Tensor, parts: Collection[str] = ()) -> tuple[Tensor, dict[str, Tensor]]:
        """[N, inputs, H, W] -> output, and the outputs of the layers `parts`, before squeeze-and-excitation."""
        inside, out = {}, x
        for part, layer in self.named_children():
            out = layer(out)
            if part in parts:  # keep no other tensor alive
                inside[part] = out
        return out.add_(x) if self.residual else out, inside


def build_row(inputs: int, row: Layer, padding: Padding, bn_momentum: float) -> ConvNormAct | Block:
    """Build the layer of a row with `inputs` input channels."""
    (first, *others) = convolutions(row, inputs)
    return Block(inputs, row, padding, bn_momentum) if others else conv_norm_act(first, padding, bn_momentum)


def conv_norm_act(conv: Conv, padding: Padding, bn_momentum: float) -> ConvNormAct:
    """Build the layer of one convolution of a row."""
    return ConvNormAct(
        conv.inputs,
        conv.outputs,
        conv.kernel,
        act=conv.act,
        stride=conv.stride,
        dilation=conv.dilation,
        groups=conv.groups,
        padding=padding,
        bn_momentum=bn_momentum,
    )
