"""What `mnv3 bench task=ssdlite` tells and times, by `bench.what`."""

from collections.abc import Iterator

import torch
from omegaconf import DictConfig

from mnv3.ssdlite.bench import engines, network, training
from mnv3.tools.bench.rounds import Comparison
from mnv3.tools.paper.cost import count

SUBJECTS = {
    "network": network.comparisons,
    "training": training.comparisons,
    "engines": engines.comparisons,
}


def cost(cfg: DictConfig) -> str:
    """What the detector that `cfg` names costs, in a sentence."""
    detector = network.make_detector(network.network_options(cfg))
    costs = count(detector, torch.zeros((1, 3, *cfg.task.input_size)))
    return (
        f"{costs.conv_params:,} parameters (conv weights and biases), {costs.trainable_params:,} trainable; "
        f"{costs.madds:,} multiply-adds an image"
    )


def comparisons(cfg: DictConfig, device: torch.device) -> Iterator[Comparison]:
    """What is timed, one after the other."""
    return SUBJECTS[cfg.bench.what](cfg, device)
