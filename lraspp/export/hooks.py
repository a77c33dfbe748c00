"""Hooks of `mnv3 export task=lraspp`: images, model and check of a segmenter."""

from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import onnx
import torch
from omegaconf import OmegaConf
from torch import nn

from mnv3.lraspp.data.sets import open_dataset
from mnv3.lraspp.evaluate.inference import resized
from mnv3.lraspp.export.build import can_vary, export_network, plain_network, raw_model, whole_model
from mnv3.lraspp.predict import SegmenterPredictor
from mnv3.tools.export.checking import Agreement, labels_agree
from mnv3.tools.export.engines.table import ENGINES
from mnv3.tools.export.quantise import quantised
from mnv3.tools.export.samples import from_files


def agree(predictor: SegmenterPredictor, ours: Sequence[np.ndarray], theirs: Sequence[np.ndarray]) -> Agreement:
    """Compare an exported file's label maps `theirs` with those of `predictor`."""
    return labels_agree(ours, theirs)


def sensitive(predictor: SegmenterPredictor, images: Sequence[np.ndarray]) -> None:
    """Do nothing: every pixel is compared anyway."""


def resemble(ours: Sequence[np.ndarray], theirs: Sequence[np.ndarray]) -> str:
    """Describe how much the label maps of an 8-bit file differ."""
    return labels_agree(ours, theirs).words


def images_of(config: dict[str, Any], split: str, count: int, log: Callable[[str], None]) -> list[np.ndarray]:
    """Read `count` frames of the configured data set, [H, W, 3] uint8. Raises UserError if it is missing."""
    data = open_dataset(OmegaConf.create(config["dataset"]), OmegaConf.create(config["data"]), split, log)
    return from_files([frame.image for frame in data.frames], count, config["data"]["on_error"], log)


def prepare(predictor: SegmenterPredictor, settings: Any, images: list[np.ndarray]) -> None:
    """Set the network's input size to that of the first image if it has none and needs one."""
    varies = ENGINES[settings.format].converter is None and can_vary(predictor.segmenter)
    if predictor.input_size is None and not varies:
        height, width, _ = images[0].shape
        predictor.input_size = (height, width)


def build(predictor: SegmenterPredictor, raw: bool, calibration: list[np.ndarray]) -> onnx.ModelProto:
    """Build the model; in 8 bits if there are images for `calibration`."""
    segmenter, size = predictor.segmenter, predictor.input_size
    network = export_network(segmenter, size)
    if calibration:
        network = quantised(network, [_input(predictor, image) for image in calibration])
    return (raw_model if raw else whole_model)(segmenter, network, size)


def alone(predictor: SegmenterPredictor) -> tuple[nn.Module, tuple[int, int], None]:
    """Return the network, its input size (h, w), and None: a raw model has no additional output."""
    assert predictor.input_size is not None, "prepare comes first"
    return plain_network(predictor.segmenter), predictor.input_size, None


def facts(predictor: SegmenterPredictor) -> dict[str, Any]:
    """Return fields of `tools.export.description.Description`."""
    size = predictor.input_size
    resizing = " resized bilinear with pixel centres kept, low-passed when shrinking, to input_size;" if size else ""
    return {
        "input_size": list(size) if size else None,
        "preprocessing": f"RGB 0..255;{resizing} normalised inside",
        "rules": asdict(predictor.segmenter.preset),
    }


def _input(predictor: SegmenterPredictor, image: np.ndarray) -> np.ndarray:
    """Convert an image to the network's input, [1, 3, h, w] float32."""
    planes = torch.from_numpy(image).permute(2, 0, 1)[None]
    return resized(planes, predictor.input_size).float().numpy()
