"""PyTorch predictor of a segmenter, for `mnv3 predict`."""

from collections.abc import Mapping, Sequence
from itertools import groupby
from types import MappingProxyType
from typing import Any

import numpy as np
import torch

from mnv3.backbones.inference.fold import fold_norms
from mnv3.lraspp.data.frames import SegClass
from mnv3.lraspp.data.sizes import input_size as configured_size
from mnv3.lraspp.evaluate.inference import predict
from mnv3.lraspp.model.segmenter import Segmenter
from mnv3.lraspp.weights.load import Loaded, load_segmenter, load_weights
from mnv3.tools.runs.find import Source, check_asked

Size = tuple[int, int]


class SegmenterPredictor:
    """A `tools.predict.predictor.Predictor` in PyTorch, on a copy of `segmenter` with folded norms.

    `classes`: by index. `input_size`: (h, w) of the network's input, None for the images' own. `config`: of the run.
    """

    task = "lraspp"

    def __init__(
        self,
        segmenter: Segmenter,
        classes: Sequence[SegClass],
        input_size: Size | None = None,
        device: str = "cpu",
        config: Mapping[str, Any] = MappingProxyType({}),
    ) -> None:
        self.config = config
        self.segmenter = fold_norms(segmenter).to(device)
        self.input_size, self.device = input_size, device
        self.classes = {index: entry.name for index, entry in enumerate(classes)}
        self.ids = {index: entry.id for index, entry in enumerate(classes)}
        self.colours = {index: entry.colour for index, entry in enumerate(classes)}

    @torch.inference_mode()
    def __call__(self, images: Sequence[np.ndarray]) -> list[np.ndarray]:
        """Return label maps [H, W] uint8 of `images` [H, W, 3] uint8 RGB; runs of one size are batched."""
        found: list[np.ndarray] = []
        for (height, width, _), group in groupby(images, np.shape):
            batch = torch.from_numpy(np.stack(list(group))).permute(0, 3, 1, 2).to(self.device)
            labels = predict(self.segmenter, batch, (height, width), len(batch), input_size=self.input_size)
            found += list(labels.cpu().numpy())
        return found


def open_checkpoint(
    source: Source, asked: Mapping[str, Any], device: str = "cpu", input_size: Size | None = None
) -> SegmenterPredictor:
    """Open the segmenter of an mnv3 checkpoint; `input_size` (h, w) overrides its own.

    Raises UserError as `load_segmenter`, or if the network differs from `asked`, see `tools.runs.find.wanted`.
    """
    loaded = load_segmenter(source.checkpoint)
    check_asked(source, loaded.config, asked)
    return _predictor(loaded, device, input_size)


def open_weights(
    source: str, asked: Mapping[str, Any], device: str = "cpu", input_size: Size | None = None
) -> SegmenterPredictor:
    """Open the segmenter of user-supplied weights. Raises UserError as `load_weights`."""
    return _predictor(load_weights(source, None, asked), device, input_size)


def _predictor(loaded: Loaded, device: str, input_size: Size | None) -> SegmenterPredictor:
    size = input_size or configured_size(loaded.config)
    return SegmenterPredictor(loaded.segmenter, loaded.entries, size, device, loaded.config)
