"""Several processes find exactly what one finds, and their mistakes come back."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from mnv3.ssdlite.data.coco.annotations import CocoData
from mnv3.ssdlite.evaluate.inference import STEADY, predict
from mnv3.ssdlite.evaluate.run import detect_all, detect_exported, detect_tiled
from mnv3.ssdlite.model.detector import Detector, build_detector
from mnv3.ssdlite.predict import DetectorPredictor
from mnv3.tools.errors import UserError
from tests.ssdlite.evaluate.made_up import data_set


def config(**settings: Any) -> dict[str, Any]:
    evaluation = {"accelerator": "cpu", "devices": 1, "precision": "32-true", "batch_size": 3}
    return {"eval": {**evaluation, **settings}, "data": {"workers": 0, "on_error": "raise"}}


@pytest.fixture(scope="module")
def detector() -> Detector:
    """A small network that says different things of different images."""
    torch.manual_seed(0)
    detector = build_detector(backbone="small", width=0.5, num_slots=5, input_size=(96, 96)).eval()
    for layer in detector.modules():
        if isinstance(layer, torch.nn.Conv2d):
            torch.nn.init.kaiming_normal_(layer.weight)
    return detector


@pytest.fixture
def data(tmp_path: Path) -> CocoData:
    """Seven images of noise: no number of processes above one divides them."""
    data = data_set(tmp_path, images=7)
    rng = np.random.default_rng(0)
    for name in data.file_names.tolist():
        pixels = rng.integers(0, 256, (10, 10, 3), dtype=np.uint8)
        Image.fromarray(pixels).resize((300, 300)).save(tmp_path / name)
    return data


def test_one_two_and_three_processes_agree_exactly(detector: Detector, data: CocoData) -> None:
    one = detect_all(detector, data, config())
    assert {result["image_id"] for result in one} == set(data.image_ids.tolist())
    for devices in (2, 3):
        assert detect_all(detector, data, config(devices=devices)) == one


def test_tiles_by_one_process_by_two_and_by_another_engine(detector: Detector, data: CocoData) -> None:
    """Images of 300 pixels, an input of 96: three tiles a side."""
    one = detect_tiled(detector, data, config(tiles="auto"))
    assert {result["image_id"] for result in one} == set(data.image_ids.tolist())
    assert one != detect_all(detector, data, config())
    assert detect_tiled(detector, data, config(tiles="auto", devices=2)) == one
    names = {category.slot: category.name for category in data.categories}
    other: Any = DetectorPredictor(detector, names, dict.fromkeys(names, 0))
    engine = detect_exported(other, data, config(tiles="auto"))
    assert len(engine) == len(one)
    for ours, others in zip(one, engine, strict=True):
        assert ours["bbox"] == pytest.approx(others["bbox"], abs=0.02)


def test_an_unreadable_image_is_named_from_any_process(detector: Detector, data: CocoData) -> None:
    broken = data.path(1)  # the second process's
    broken.write_bytes(broken.read_bytes()[:500])
    with pytest.raises(UserError, match=broken.name):
        detect_all(detector, data, config(devices=2))
    lenient = config()
    lenient["data"]["on_error"] = "skip"
    found = {result["image_id"] for result in detect_all(detector, data, lenient)}
    assert found == set(data.image_ids.tolist()) - {int(data.image_ids[1])}


def test_one_batch(detector: Detector, data: CocoData) -> None:
    found = detect_all(detector, data, config(devices=2), one_batch=True)
    assert {result["image_id"] for result in found} == set(data.image_ids[:3].tolist())


def test_batch_size_and_neighbours_change_nothing(detector: Detector) -> None:
    images = torch.randint(0, 256, (20, 3, 96, 96), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    sizes = torch.tensor([[96, 96]]).repeat(20, 1)
    whole = predict(detector, images, sizes)
    for rows in (slice(0, 1), slice(3, 8), slice(4, 4 + STEADY), slice(19, 20)):
        part = predict(detector, images[rows], sizes[rows])
        for ours, expected in zip(part, whole, strict=True):
            assert torch.equal(ours, expected[rows])


def test_devices_that_are_not_there(detector: Detector, data: CocoData) -> None:
    with pytest.raises(UserError, match="several"):
        detect_all(detector, data, config(devices="several"))
    if not torch.cuda.is_available():
        with pytest.raises(UserError, match="no such device"):
            detect_all(detector, data, config(accelerator="cuda"))
