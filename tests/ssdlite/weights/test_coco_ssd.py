"""The authors' SSDLite MobileNetV2 of 2018, in TensorFlow.js' format, against what TensorFlow.js computes with it."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from mnv3.ssdlite.data.coco.names import COCO_NAMES
from mnv3.ssdlite.model.boxes import decode
from mnv3.ssdlite.model.resize import resize
from mnv3.ssdlite.weights.load import Loaded, load_weights
from tests.ssdlite.weights.tfjs_outputs import Output, read_outputs, suppressed


@pytest.fixture(scope="module")
def outputs(test_data: Path) -> Mapping[str, Output]:
    return read_outputs(test_data)


@pytest.fixture(scope="module")
def loaded(test_data: Path) -> Loaded:
    return load_weights(str(test_data / "elsewhere" / "coco_ssd"))


def read(test_data: Path, name: str) -> torch.Tensor:
    image = Image.open(test_data / "coco_sample" / "val2017" / f"{name}.jpg").convert("RGB")
    return torch.from_numpy(np.array(image)).permute(2, 0, 1)


def test_its_rules_and_classes(loaded: Loaded) -> None:
    detector, preset = loaded.detector, loaded.detector.preset
    assert detector.input_size == (300, 300) and loaded.config["task"]["input_size"] == [300, 300]
    assert loaded.config["backbone"]["name"] == "v2" and not loaded.config["backbone"]["rf2"]
    assert (preset.resize_rule, preset.padding) == ("legacy", "same")
    assert preset.class_loss != "hard_negatives"  # scores are sigmoids
    assert preset.nms_iou == 0.6 and preset.score_threshold == 1e-8 and preset.max_detections == 100
    assert detector.anchors.shape == (1917, 4) and loaded.classes == COCO_NAMES


@torch.inference_mode()
def test_boxes_scores_and_detections(test_data: Path, loaded: Loaded, outputs: Mapping[str, Output]) -> None:
    detector, compared = loaded.detector.eval(), 0
    for name, (boxes, scores) in outputs.items():
        image = read(test_data, name)
        raw = detector(resize(image, detector.input_size, detector.resize_rule)[None])
        got = decode(raw.codes[0], detector.anchors, detector.preset.max_stretch) / 300
        np.testing.assert_allclose(got[:, [1, 0, 3, 2]], boxes, atol=1e-5, rtol=0)
        np.testing.assert_allclose(raw.logits[0, :, 1:].sigmoid(), scores, atol=1e-5, rtol=0)
        height, width = image.shape[1:]
        found = detector.detect(raw, torch.tensor([[height, width]]))
        want = suppressed(boxes, scores)
        certain = [row for row in want if row[1] > 0.3]
        compared += len(certain)
        for slot, score, box in certain:
            near = (found.slots[0] == slot) & ((found.scores[0] - score).abs() < 1e-5)
            box = np.clip(box, 0, 1)[[1, 0, 3, 2]] * np.array([width, height] * 2)
            assert any(np.abs(one - box).max() < 1e-5 * max(width, height) for one in found.boxes[0, near].numpy())
    assert compared > 20
