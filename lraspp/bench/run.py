"""The cost line and the comparisons of `mnv3 bench task=lraspp`, by `bench.what`."""

from collections.abc import Iterator

import torch
from omegaconf import DictConfig

from mnv3.lraspp.bench import engines, network, training
from mnv3.lraspp.cost import PAPER_SIZE, multiply_adds, parameters
from mnv3.tools.bench.rounds import Comparison

SUBJECTS = {
    "network": network.comparisons,
    "training": training.comparisons,
    "engines": engines.comparisons,
}


def cost(cfg: DictConfig) -> str:
    """Return one line on parameters and multiply-adds of the segmenter in `cfg`."""
    segmenter = network.make_segmenter(network.network_options(cfg))
    madds = multiply_adds(segmenter, PAPER_SIZE)
    return (
        f"{parameters(segmenter):,} parameters; {madds.conv:,} multiply-adds in convolutions a frame of "
        f"{PAPER_SIZE[0]} x {PAPER_SIZE[1]}, {madds.total:,.0f} with the element-wise ones that the paper counts"
    )


def comparisons(cfg: DictConfig, device: torch.device) -> Iterator[Comparison]:
    """Yield the comparisons of `bench.what`."""
    return SUBJECTS[cfg.bench.what](cfg, device)
