"""The classifiers of the paper's tables: their cost, and the function that `mnv3 table latency=true` times."""

from collections.abc import Callable

import torch

from mnv3.backbones.classify.build import build_classifier
from mnv3.backbones.classify.cost import count
from mnv3.backbones.classify.network import Classifier
from mnv3.backbones.inference.fold import fold_norms
from mnv3.tools.paper.classifiers.rows import Network
from mnv3.tools.paper.cost import Cost

CLASSES = 1000  # of ImageNet, without a background


def row_cost(network: Network) -> Cost:
    """Return the cost of a row's network at its image size."""
    with torch.device("meta"):  # skips drawing weights
        return count(_build(network), (network.size, network.size))


def functions(network: Network) -> dict[str, Callable[[], object]]:
    """Return {"latency": one image to its logits}, with random weights."""
    with torch.random.fork_rng(devices=[]):
        classifier = fold_norms(_build(network))
    image = torch.rand(1, 3, network.size, network.size, generator=torch.Generator().manual_seed(0))

    @torch.inference_mode()
    def classify() -> object:
        return classifier(image)

    return {"latency": classify}


def _build(network: Network) -> Classifier:
    return build_classifier(
        network.backbone, num_classes=CLASSES, width=network.width, hswish=network.hswish, padding="same"
    )
