"""The functions that `mnv3 table latency=true` times for a segmenter."""

from collections.abc import Callable, Mapping
from typing import Any

import torch

from mnv3.backbones.inference.fold import fold_norms
from mnv3.lraspp.cost import CLASSES, FRAME
from mnv3.lraspp.model.segmenter import Segmenter
from mnv3.lraspp.weights.load import segmenter_from_config

HALF_FRAME = (FRAME[0] // 2, FRAME[1] // 2)


def functions(config: Mapping[str, Any]) -> dict[str, Callable[[], object]]:
    """Return "latency" and "half_latency": the segmenter of `config`, with random weights, on a uint8 frame of
    Cityscapes' size and on one half as high and wide."""
    with torch.random.fork_rng(devices=[]):
        segmenter = fold_norms(segmenter_from_config(dict(config), CLASSES))
    return {"latency": _labelling(segmenter, FRAME), "half_latency": _labelling(segmenter, HALF_FRAME)}


def _labelling(segmenter: Segmenter, size: tuple[int, int]) -> Callable[[], object]:
    frame = torch.randint(0, 256, (1, 3, *size), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))

    @torch.inference_mode()
    def label() -> object:
        return segmenter.labels(segmenter(frame), size)

    return label
