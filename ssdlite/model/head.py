"""SSDLite's layers after the backbone: four extra feature maps, and box and class predictors on all six maps."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from mnv3.backbones.blocks import ConvNormAct, Padding
from mnv3.ssdlite.model.targets import Raw

EXTRAS = (512, 256, 256, 128)
"""Channels of the feature maps at strides 64, 128, 256 and 512."""

MIN_CHANNELS = 16
"""Minimum channels of an extra map at any width (authors' feature extractor, min_depth)."""


class Extra(nn.Module):
    """A feature map of half the size: 1x1 to half the channels, 3x3 depthwise of stride 2, 1x1, all with ReLU6."""

    def __init__(self, inputs: int, inside: int, outputs: int, padding: Padding, bn_momentum: float) -> None:
        super().__init__()
        self.inside, self.channels = inside, outputs
        common = {"act": "relu6", "bn_momentum": bn_momentum}
        self.reduce = ConvNormAct(inputs, inside, **common)
        self.depthwise = ConvNormAct(inside, inside, 3, stride=2, groups=inside, padding=padding, **common)
        self.expand = ConvNormAct(inside, outputs, **common)

    def forward(self, x: Tensor) -> Tensor:
        """[N, inputs, H, W] -> [N, outputs, ceil(H / 2), ceil(W / 2)]."""
        return self.expand(self.depthwise(self.reduce(x)))


class PredictionLayer(nn.Module):
    """3x3 depthwise convolution with norm and ReLU6, then 1x1 to `anchors` * `columns` values per cell."""

    def __init__(self, channels: int, anchors: int, columns: int, bn_momentum: float) -> None:
        super().__init__()
        self.columns = columns
        self.depthwise = ConvNormAct(channels, channels, 3, groups=channels, act="relu6", bn_momentum=bn_momentum)
        self.predict = nn.Conv2d(channels, anchors * columns, 1)

    def forward(self, x: Tensor) -> Tensor:
        """[N, channels, H, W] -> [N, H * W * anchors, columns]; without a copy if memory is channels-last."""
        out = self.predict(self.depthwise(x))
        return out.permute(0, 2, 3, 1).reshape(x.shape[0], -1, self.columns)


class Head(nn.Module):
    """Predictors on every level, with outputs concatenated along the anchors."""

    def __init__(self, channels: Sequence[int], anchors: Sequence[int], num_slots: int, bn_momentum: float) -> None:
        super().__init__()
        levels = list(zip(channels, anchors, strict=True))
        self.boxes = nn.ModuleList(PredictionLayer(inputs, count, 4, bn_momentum) for inputs, count in levels)
        self.classes = nn.ModuleList(PredictionLayer(inputs, count, num_slots, bn_momentum) for inputs, count in levels)

    def forward(self, maps: Sequence[Tensor]) -> Raw:
        """Six feature maps [N, C, H, W] -> Raw."""
        codes = [predictor(x) for predictor, x in zip(self.boxes, maps, strict=True)]
        logits = [predictor(x) for predictor, x in zip(self.classes, maps, strict=True)]
        return Raw(torch.cat(codes, 1), torch.cat(logits, 1))


def build_extras(inputs: int, width: float, padding: Padding, bn_momentum: float) -> nn.ModuleList:
    """Build the four extra maps after a map of `inputs` channels, scaled by `width` like the backbone."""
    extras = nn.ModuleList()
    for nominal in EXTRAS:
        outputs = max(int(nominal * width), MIN_CHANNELS)
        inside = max(int(nominal / 2 * width), MIN_CHANNELS)
        extras.append(Extra(inputs, inside, outputs, padding, bn_momentum))
        inputs = outputs
    return extras
