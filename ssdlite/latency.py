"""The function that `mnv3 table latency=true` times for a detector."""

from collections.abc import Callable, Mapping
from typing import Any

import torch

from mnv3.backbones.inference.fold import fold_norms
from mnv3.ssdlite.cost import PAPER_SLOTS
from mnv3.ssdlite.weights.load import detector_from_config


def functions(config: Mapping[str, Any]) -> dict[str, Callable[[], object]]:
    """Return {"latency": one uint8 image of input size to its detections, by `config`'s detector, random weights}."""
    with torch.random.fork_rng(devices=[]):
        detector = fold_norms(detector_from_config(dict(config), PAPER_SLOTS))
    noise = torch.Generator().manual_seed(0)
    image = torch.randint(0, 256, (1, 3, *detector.input_size), dtype=torch.uint8, generator=noise)
    size = torch.tensor([detector.input_size])

    @torch.inference_mode()
    def detect() -> object:
        return detector.detect(detector(image), size)

    return {"latency": detect}
