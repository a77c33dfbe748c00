"""An exported detector, run by ONNX Runtime."""

from collections.abc import Sequence
from itertools import groupby

import numpy as np
import torch

from ssdlite.postprocess import detect
from ssdlite.presets import Preset
from ssdlite.resize import resize
from ssdlite.targets import Raw
from tools.exported import Exported, Session
from tools.predictor import Boxes


class OnnxDetector:
    """A `tools.predictor.Predictor` of a file of `mnv3 export`, whole or raw."""

    task = "ssdlite"

    def __init__(self, exported: Exported, threads: int | None = None) -> None:
        self.description = exported.description
        self.classes = {row.number: row.name for row in self.description.classes}
        self.ids = {row.number: row.id for row in self.description.classes}
        self.colours = {row.number: (row.colour[0], row.colour[1], row.colour[2]) for row in self.description.classes}
        self.session = Session(exported.model, threads)
        self._detect = self._whole if self.description.kind == "whole" else self._raw

    def __call__(self, images: Sequence[np.ndarray]) -> list[Boxes]:
        """Detections of `images` [H, W, 3] uint8 RGB, in their pixels; neighbours of one size go together."""
        found: list[Boxes] = []
        for _, group in groupby(images, np.shape):
            for boxes, scores, slots in zip(*self._detect(np.stack(list(group))), strict=True):
                known = np.isin(slots, list(self.classes))  # padding is not
                found.append(Boxes(boxes[known], scores[known], slots[known]))
        return found

    def _whole(self, images: np.ndarray) -> list[np.ndarray]:
        return self.session(images)[:3]

    @torch.inference_mode()
    def _raw(self, images: np.ndarray) -> list[np.ndarray]:
        preset = Preset(**self.description.rules, anchors=())
        height, width = self.description.input_size
        inputs = [
            resize(torch.from_numpy(image).permute(2, 0, 1), (height, width), preset.resize_rule) for image in images
        ]
        codes, logits, anchors = (torch.from_numpy(value) for value in self.session(torch.stack(inputs).numpy()))
        sizes = torch.tensor([images.shape[1:3]]).expand(len(images), 2)
        found = detect(Raw(codes, logits), anchors, (height, width), sizes, preset)
        return [found.boxes.numpy(), found.scores.numpy(), found.slots.numpy()]


PREDICTOR = OnnxDetector
