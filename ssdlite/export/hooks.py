"""Hooks of `mnv3 export task=ssdlite`: images, model and check of a detector."""

import copy
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from typing import Any

import numpy as np
import onnx
import torch
from omegaconf import OmegaConf
from torch import Tensor, nn

from mnv3.ssdlite.data.sets import open_dataset
from mnv3.ssdlite.export.build import export_network, plain_network, raw_model, whole_model
from mnv3.ssdlite.model.resize import resize
from mnv3.ssdlite.predict import DetectorPredictor
from mnv3.tools.export.checking import Agreement, boxes_agree, boxes_resemble
from mnv3.tools.export.quantise import quantised
from mnv3.tools.export.samples import from_files
from mnv3.tools.predict.predictor import Boxes

WORDS = {
    "legacy": "bilinear with corner-origin sampling (source = target * scale, as TensorFlow 1)",
    "half_pixel": "bilinear with pixel centres kept, no low-pass",
}

LEAST = 200
"""Detections needed to judge agreement."""

resemble = boxes_resemble


def agree(predictor: DetectorPredictor, ours: Sequence[Boxes], theirs: Sequence[Boxes]) -> Agreement:
    """Compare an exported file's detections `theirs` with those of `predictor`."""
    preset = predictor.detector.preset
    return boxes_agree(
        ours, theirs, least_score=preset.score_threshold, limit=preset.max_detections, nms_iou=preset.nms_iou
    )


def sensitive(predictor: DetectorPredictor, images: Sequence[np.ndarray]) -> DetectorPredictor | None:
    """Return `predictor` with a threshold low enough to find LEAST boxes on `images`; None if it already does."""
    if _scores(predictor, images).size >= LEAST:
        return None
    eager, all_of_them = copy.copy(predictor), copy.copy(predictor.detector)
    eager.detector, all_of_them.preset = all_of_them, replace(predictor.detector.preset, score_threshold=0.0)
    best = np.sort(_scores(eager, images))[::-1][:LEAST]
    all_of_them.preset = replace(all_of_them.preset, score_threshold=float(best[-1]) * 0.999 if best.size else 0.0)
    return eager


def _scores(predictor: DetectorPredictor, images: Sequence[np.ndarray]) -> np.ndarray:
    """Return the scores of all detections on `images`."""
    return np.concatenate([predictor([image])[0].scores for image in images])


def images_of(config: dict[str, Any], split: str, count: int, log: Callable[[str], None]) -> list[np.ndarray]:
    """Read `count` images of the configured data set, [H, W, 3] uint8. Raises UserError if it is missing."""
    data = open_dataset(OmegaConf.create(config["dataset"]), OmegaConf.create(config["data"]), split, log)
    return from_files([data.path(index) for index in range(len(data))], count, config["data"]["on_error"], log)


def prepare(predictor: DetectorPredictor, settings: Any, images: list[np.ndarray]) -> None:
    """Apply `settings.score_threshold` to the network."""
    detector = predictor.detector
    if settings.score_threshold is not None:
        detector.preset = replace(detector.preset, score_threshold=settings.score_threshold)


def build(predictor: DetectorPredictor, raw: bool, calibration: list[np.ndarray]) -> onnx.ModelProto:
    """Build the model; in 8 bits if there are images for `calibration`."""
    detector = predictor.detector
    network = export_network(detector, whole=not raw)
    if calibration:
        network = quantised(network, [_input(predictor, image) for image in calibration])
    return (raw_model if raw else whole_model)(detector, network)


def alone(predictor: DetectorPredictor) -> tuple[nn.Module, tuple[int, int], Tensor | None]:
    """Return the network, its input size (h, w) and the anchors, an additional output of a raw model."""
    detector = predictor.detector
    return plain_network(detector), detector.input_size, detector.anchors


def facts(predictor: DetectorPredictor) -> dict[str, Any]:
    """Return fields of `tools.export.description.Description`."""
    detector = predictor.detector
    return {
        "input_size": list(detector.input_size),
        "preprocessing": f"RGB 0..255, resized {WORDS[detector.resize_rule]} to input_size; normalised inside",
        "rules": {name: value for name, value in asdict(detector.preset).items() if name != "anchors"},
        "operating_point": predictor.operating_point and predictor.operating_point.plain(),
    }


def _input(predictor: DetectorPredictor, image: np.ndarray) -> np.ndarray:
    """Convert an image to the network's input, [1, 3, h, w] float32."""
    detector = predictor.detector
    planes = torch.from_numpy(image).permute(2, 0, 1)
    return resize(planes, detector.input_size, detector.resize_rule)[None].numpy()
