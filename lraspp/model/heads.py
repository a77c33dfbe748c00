"""The heads: Lite R-ASPP (section 6.4, figure 10) and R-ASPP (MobileNetV2 section 6.3)."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mnv3.backbones.blocks import ConvNormAct
from mnv3.lraspp.model.pooling import Windows, pool
from mnv3.lraspp.model.presets import Gate

BN_EPSILON = 1e-5  # of the authors' and torchvision's heads; their backbones have 1e-3
DROPOUT = 0.1  # of R-ASPP: the authors keep 0.9


class LiteHead(nn.Module):
    """LR-ASPP: features gated by window means, classified, and added to a classified skip at stride 8.

    Classification comes before resizing, in the paper after: both are linear and bilinear weights sum to one, so they
    commute, and this order costs a fraction.

    With gate "none" features are not gated; without `skip_channels` logits keep the stride of the features.
    """

    def __init__(
        self,
        channels: int,
        skip_channels: int | None,
        filters: int,
        num_classes: int,
        *,
        windows: Windows | None,
        gate: Gate,
        gate_bias: bool,
        align_corners: bool,
        bn_momentum: float,
    ) -> None:
        super().__init__()
        self.windows = windows
        self.hard_gate = gate == "hard_sigmoid"
        self.align_corners = align_corners
        self.features = _conv_norm_relu(channels, filters, bn_momentum)
        self.gate = nn.Conv2d(channels, filters, 1, bias=gate_bias) if gate != "none" else None
        self.classes = nn.Conv2d(filters, num_classes, 1)
        self.skip = nn.Conv2d(skip_channels, num_classes, 1) if skip_channels else None

    def forward(self, last: Tensor, skip: Tensor | None = None) -> Tensor:
        """last: [N, channels, h, w], skip: [N, skip_channels, H, W] -> logits [N, num_classes, H, W], or h, w."""
        features = self.features(last)
        if self.gate is not None:
            features = features * self._gate(self.gate, last)
        logits = self.classes(features)
        if self.skip is None or skip is None:
            return logits
        return self.skip(skip) + resize(logits, skip.shape[-2:], self.align_corners)

    def _gate(self, conv: nn.Module, last: Tensor) -> Tensor:
        """Return the factors of the features, [N, filters, h, w] or [N, filters, 1, 1]."""
        gate = conv(pool(last, self.windows))
        gate = F.hardsigmoid(gate) if self.hard_gate else gate.sigmoid()
        if gate.shape[-2:] == (1, 1):
            return gate
        return resize(gate, last.shape[-2:], self.align_corners)


class Head(nn.Module):
    """R-ASPP: window means and features concatenated, mixed and classified; no skip."""

    def __init__(
        self,
        channels: int,
        filters: int,
        num_classes: int,
        *,
        windows: Windows | None,
        align_corners: bool,
        bn_momentum: float,
    ) -> None:
        super().__init__()
        self.windows = windows
        self.align_corners = align_corners
        self.pooled = _conv_norm_relu(channels, filters, bn_momentum)
        self.features = _conv_norm_relu(channels, filters, bn_momentum)
        self.mix = _conv_norm_relu(2 * filters, filters, bn_momentum)
        self.dropout = nn.Dropout(DROPOUT)
        self.classes = nn.Conv2d(filters, num_classes, 1)

    def forward(self, last: Tensor) -> Tensor:
        """last: [N, channels, h, w] -> logits [N, num_classes, h, w]."""
        pooled = resize(self.pooled(pool(last, self.windows)), last.shape[-2:], self.align_corners)
        mixed = self.mix(torch.cat((pooled, self.features(last)), 1))
        return self.classes(self.dropout(mixed))


def resize(x: Tensor, size: tuple[int, int] | torch.Size, align_corners: bool) -> Tensor:
    """Resize bilinearly to `size`; return `x` itself if it has that size."""
    if x.shape[-2:] == tuple(size):
        return x
    return F.interpolate(x, tuple(size), mode="bilinear", align_corners=align_corners)


def _conv_norm_relu(inputs: int, outputs: int, bn_momentum: float) -> ConvNormAct:
    layer = ConvNormAct(inputs, outputs, act="relu", bn_momentum=bn_momentum)
    assert isinstance(layer.norm, nn.BatchNorm2d)
    layer.norm.eps = BN_EPSILON
    return layer
