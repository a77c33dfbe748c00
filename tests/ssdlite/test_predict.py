"""The predictor gives what scoring would, whatever sizes the images have."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from mnv3.ssdlite.evaluate.inference import predict
from mnv3.ssdlite.model.detector import Detector, build_detector
from mnv3.ssdlite.model.resize import resize
from mnv3.ssdlite.predict import DetectorPredictor, open_checkpoint
from mnv3.tools.errors import UserError
from mnv3.tools.runs.find import Source
from tests.ssdlite.weights.test_load import CLASSES, save

SIZES = ((60, 80), (96, 96), (60, 80), (131, 47))


@pytest.fixture
def detector() -> Detector:
    """Random, with scores all over 0..1."""
    torch.manual_seed(0)
    detector = build_detector(backbone="small", width=0.35, num_slots=6, input_size=(96, 128)).eval()
    for layer in detector.modules():
        if isinstance(layer, nn.Conv2d):
            nn.init.kaiming_normal_(layer.weight)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
    return detector


@pytest.fixture
def images() -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    return [rng.integers(0, 256, (*size, 3), dtype=np.uint8) for size in SIZES]


def numbered(slots: range) -> dict[str, Any]:
    return {"classes": {slot: f"kind {slot}" for slot in slots}, "ids": {slot: 10 * slot for slot in slots}}


def test_images_of_any_size_as_in_scoring(detector: Detector, images: list[np.ndarray]) -> None:
    found = DetectorPredictor(detector, **numbered(range(1, 6)))(images)
    for image, boxes in zip(images, found, strict=True):
        inputs = resize(torch.from_numpy(image).permute(2, 0, 1), detector.input_size, detector.resize_rule)
        wanted = predict(detector, inputs[None], torch.tensor([image.shape[:2]]))
        count = int(wanted.counts[0])
        assert len(boxes.scores) == count > 50
        assert (np.diff(boxes.scores) <= 0).all()
        np.testing.assert_array_equal(boxes.classes, wanted.slots[0, :count])
        np.testing.assert_allclose(boxes.scores, wanted.scores[0, :count], atol=1e-4)
        np.testing.assert_allclose(boxes.boxes, wanted.boxes[0, :count], atol=0.01)


def test_a_least_score_leaves_out_and_changes_nothing_else(detector: Detector, images: list[np.ndarray]) -> None:
    everything = DetectorPredictor(detector, **numbered(range(1, 6)))(images)
    least = float(everything[0].scores[20])  # it counts itself
    some = DetectorPredictor(detector, **numbered(range(1, 6)), least_score=least)(images)
    for one, two in zip(everything, some, strict=True):
        kept = one.scores >= np.float32(least)
        assert len(two.scores) == kept.sum() and (two.classes == one.classes[kept]).all()
        assert (two.boxes == one.boxes[kept]).all() and (two.scores == one.scores[kept]).all()
    assert len(some[0].scores) == 21


def test_slots_without_a_class_are_left_out(detector: Detector, images: list[np.ndarray]) -> None:
    everything = DetectorPredictor(detector, **numbered(range(1, 6)))(images[:1])[0]
    known = DetectorPredictor(detector, **numbered(range(2, 4)))(images[:1])[0]
    assert set(everything.classes) > {2, 3} == set(known.classes)
    assert DetectorPredictor(detector, **numbered(range(2, 4)))([]) == []


def test_a_checkpoint_with_another_input_size(tmp_path: Path, images: list[np.ndarray]) -> None:
    save(tmp_path / "x.ckpt")
    source = Source(tmp_path / "x.ckpt", None)
    predictor = open_checkpoint(source, {}, input_size=(64, 128))
    assert predictor.detector.input_size == (64, 128) and predictor.classes == CLASSES
    assert predictor.ids == {slot: slot for slot in CLASSES}  # an old checkpoint holds none
    assert len(predictor(images)) == len(images)
    with pytest.raises(UserError, match=r"not what was asked for: it has backbone\.name=small"):
        open_checkpoint(source, {"backbone.name": "large"})
