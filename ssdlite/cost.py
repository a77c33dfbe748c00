"""Parameters and multiply-adds as the paper's Table 6 counts them.

Params are weights and biases of convolutions without batch norm, MAdds those of convolutions, both with 91 class slots:
COCO's category ids and the background. For MobileNetV1 and V2 of width 1 the table repeats the Params of the
MobileNetV2 paper, which match 81 slots.
"""

from collections.abc import Iterator, Mapping
from math import prod
from typing import Any, cast

import torch
from torch import nn

from mnv3.backbones.rows import named_rows
from mnv3.ssdlite.model.detector import Detector
from mnv3.ssdlite.model.head import Extra, PredictionLayer
from mnv3.ssdlite.weights.load import detector_from_config
from mnv3.tools.paper.cost import RowCost

PAPER_SLOTS = 91


def row_cost(config: Mapping[str, Any], num_slots: int = PAPER_SLOTS) -> RowCost:
    """Return the cost of a configuration's detector with `num_slots` classes, background included.

    The plain figures are all trainable parameters and the same multiply-adds, which the paper counts as most tools do.
    """
    with torch.device("meta"):  # skips drawing weights
        detector = detector_from_config(dict(config), num_slots)
    convs = [layer for layer in detector.modules() if isinstance(layer, nn.Conv2d)]
    madds = multiply_adds(detector)
    return RowCost(
        params=sum(parameter.numel() for conv in convs for parameter in conv.parameters()),
        params_plain=sum(parameter.numel() for parameter in detector.parameters()),
        madds=madds,
        madds_plain=madds,
    )


def multiply_adds(detector: Detector) -> int:
    """Count the multiply-adds of one image from the shapes alone.

    Running the network would take longer: on the meta device that imports PyTorch's compiler.
    """
    return sum(weights * prod(size) for weights, size in _convolutions(detector))


def _convolutions(detector: Detector) -> Iterator[tuple[int, tuple[int, int]]]:
    """Yield every convolution's number of weights and the size (H, W) of the map that it computes."""
    size, backbone = detector.input_size, detector.backbone
    sizes = [_smaller(size, stride) for stride in backbone.strides.values()]  # of the maps that the predictors read
    for _, _, _, convs in named_rows(backbone.table):
        for conv in convs:
            size = _smaller(size, conv.stride)
            weights = conv.kernel**2 * conv.inputs // conv.groups * conv.outputs
            yield weights, size if conv.norm else (1, 1)  # squeeze-and-excitation has one pixel
    for extra in cast("Iterator[Extra]", detector.extras):
        yield extra.reduce.conv.weight.numel(), size
        size = _smaller(size, 2)
        sizes.append(size)
        yield from ((layer.conv.weight.numel(), size) for layer in (extra.depthwise, extra.expand))
    for predictors in (detector.head.boxes, detector.head.classes):
        for predictor, map_size in zip(cast("Iterator[PredictionLayer]", predictors), sizes, strict=True):
            yield predictor.depthwise.conv.weight.numel(), map_size
            yield predictor.predict.weight.numel(), map_size


def _smaller(size: tuple[int, int], stride: int) -> tuple[int, int]:
    """Return the size of a map after `stride`."""
    return -(-size[0] // stride), -(-size[1] // stride)
