"""The cost line and the comparisons of `mnv3 bench task=ssdlite`, by `bench.what`."""

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
    """Return one line on parameters and multiply-adds of the detector in `cfg`."""
    detector = network.make_detector(network.network_options(cfg))
    costs = count(detector, torch.zeros((1, 3, *cfg.task.input_size)))
    return (
        f"{costs.conv_params:,} parameters (conv weights and biases), {costs.trainable_params:,} trainable; "
        f"{costs.madds:,} multiply-adds an image"
    )


def comparisons(cfg: DictConfig, device: torch.device) -> Iterator[Comparison]:
    """Yield the comparisons of `bench.what`."""
    return SUBJECTS[cfg.bench.what](cfg, device)
