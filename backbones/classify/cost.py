"""Parameters and multiply-adds of a classifier, as the paper's Table 3 counts them."""

from math import prod

from torch import nn

from mnv3.backbones.classify.network import Classifier
from mnv3.backbones.rows import named_rows
from mnv3.tools.paper.cost import Cost

SIZE = (224, 224)
"""Height and width of the images in the paper's tables."""


def count(classifier: Classifier, size: tuple[int, int] = SIZE) -> Cost:
    """Count the cost of one image of `size` (H, W) from the shapes alone, so a network on the meta device is enough."""
    layers = [layer for layer in classifier.modules() if isinstance(layer, (nn.Conv2d, nn.Linear))]
    return Cost(
        conv_params=sum(parameter.numel() for layer in layers for parameter in layer.parameters()),
        trainable_params=sum(parameter.numel() for parameter in classifier.parameters()),
        madds=_multiply_adds(classifier, size),
    )


def _multiply_adds(classifier: Classifier, size: tuple[int, int]) -> int:
    total = sum(layer.weight.numel() for layer in classifier.modules() if isinstance(layer, nn.Linear))
    for _, _, _, convs in named_rows(classifier.backbone.table):
        for conv in convs:
            size = (-(-size[0] // conv.stride), -(-size[1] // conv.stride))
            weights = conv.kernel**2 * conv.inputs // conv.groups * conv.outputs
            total += weights * (prod(size) if conv.norm else 1)  # squeeze-and-excitation has one pixel
    return total
