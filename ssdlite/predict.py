"""PyTorch predictor of a detector, for `mnv3 predict`."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import numpy as np
import torch

from mnv3.backbones.inference.fold import fold_norms
from mnv3.ssdlite.model.detector import Detector
from mnv3.ssdlite.model.postprocess import detect
from mnv3.ssdlite.model.resize import resize
from mnv3.ssdlite.model.targets import Detections, Raw
from mnv3.ssdlite.weights.load import Loaded, load_detector, load_weights, use_input_size
from mnv3.tools.drawing.paint import Colour, class_colour
from mnv3.tools.predict.operating_point import OperatingPoint, default_threshold
from mnv3.tools.predict.predictor import Boxes
from mnv3.tools.runs.find import Source, check_asked

Size = tuple[int, int]


class DetectorPredictor:
    """A `tools.predict.predictor.Predictor` in PyTorch, on a copy of `detector` with folded norms.

    `classes`, `ids`: name and category id by slot. `least_score`: skip boxes below, to save time, in images with any
    above; None: `point`'s threshold, or the default one. `config`: of the run.
    """

    task = "ssdlite"

    def __init__(
        self,
        detector: Detector,
        classes: Mapping[int, str],
        ids: Mapping[int, int],
        device: str = "cpu",
        least_score: float | None = 0.0,
        config: Mapping[str, Any] = MappingProxyType({}),
        point: OperatingPoint | None = None,
    ) -> None:
        self.config, self.operating_point = config, point
        self.detector = fold_norms(detector).to(device)
        least_score = default_threshold(point) if least_score is None else least_score
        just_below = float(np.nextafter(np.float32(least_score), np.float32(0)))  # the preset's threshold is exclusive
        threshold = max(detector.preset.score_threshold, just_below)
        self.unskipped = detector.preset if threshold > detector.preset.score_threshold else None
        self.detector.preset = replace(detector.preset, score_threshold=threshold)
        self.device = device
        self.classes: Mapping[int, str] = classes
        self.ids: Mapping[int, int] = ids
        self.colours: Mapping[int, Colour] = {slot: class_colour(slot) for slot in classes}

    @property
    def input_size(self) -> Size:
        return self.detector.input_size

    @property
    def max_detections(self) -> int:
        return self.detector.preset.max_detections

    @torch.inference_mode()
    def __call__(self, images: Sequence[np.ndarray]) -> list[Boxes]:
        """Return detections of `images` [H, W, 3] uint8 RGB, in their pixels, without slots that have no class."""
        if not images:
            return []
        size, rule = self.detector.input_size, self.detector.resize_rule
        inputs = torch.stack([resize(torch.from_numpy(image).permute(2, 0, 1), size, rule) for image in images])
        sizes = torch.tensor([image.shape[:2] for image in images])
        raw = self.detector(inputs.to(self.device))
        results = self._known(self.detector.detect(raw, sizes))
        empty = [i for i, found in enumerate(results) if not len(found.scores)]
        if empty and self.unskipped:  # their best boxes are below `least_score`
            again = Raw(raw.codes[empty], raw.logits[empty])
            detector = self.detector
            low = detect(again, detector.anchors, size, sizes[empty].to(self.device), self.unskipped)
            for i, found in zip(empty, self._known(low), strict=True):
                results[i] = found
        return results

    def _known(self, found: Detections) -> list[Boxes]:
        """Return the boxes of each image that have a class."""
        boxes, scores, slots = (column.cpu().numpy() for column in (found.boxes, found.scores, found.slots))
        known = np.isin(slots, list(self.classes))  # padding is not
        return [Boxes(boxes[i, rows], scores[i, rows], slots[i, rows]) for i, rows in enumerate(known)]


def open_checkpoint(
    source: Source,
    asked: Mapping[str, Any],
    device: str = "cpu",
    input_size: Size | None = None,
    least_score: float | None = 0.0,
) -> DetectorPredictor:
    """Open the detector of an mnv3 checkpoint; `input_size` (h, w) overrides its own.

    Raises UserError as `load_detector`, or if the network differs from `asked`, see `tools.runs.find.wanted`.
    """
    loaded = load_detector(source.checkpoint)
    check_asked(source, loaded.config, asked)
    return _predictor(loaded, device, input_size, least_score)


def open_weights(
    source: str,
    asked: Mapping[str, Any],
    device: str = "cpu",
    input_size: Size | None = None,
    least_score: float | None = 0.0,
) -> DetectorPredictor:
    """Open the detector of user-supplied weights. Raises UserError as `load_weights`."""
    return _predictor(load_weights(source, None, asked), device, input_size, least_score)


def _predictor(loaded: Loaded, device: str, input_size: Size | None, least_score: float | None) -> DetectorPredictor:
    if input_size is not None:
        use_input_size(loaded.detector, input_size)
    about = loaded.config, loaded.point
    return DetectorPredictor(loaded.detector, loaded.classes, loaded.ids, device, least_score, *about)
