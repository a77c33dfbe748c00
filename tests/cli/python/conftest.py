"""A folder as a user has it: runs of both tasks, an exported file of each, photos, a video."""

import os
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

import mnv3
from mnv3.cli.python import verbs
from mnv3.lraspp.data.classes import CITYSCAPES
from mnv3.lraspp.weights.load import segmenter_from_config
from mnv3.ssdlite.weights.load import detector_from_config
from mnv3.tools.streets.classes import COCO_CATEGORIES
from tests.cli.test_export import write_run


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("python")
    table = [[entry.name, list(entry.colour), entry.category, entry.id] for entry in CITYSCAPES]
    write_run(root, "ssdlite", "detector.", detector_from_config, dict(enumerate(COCO_CATEGORIES, start=1)), 9)
    write_run(root, "lraspp", "segmenter.", segmenter_from_config, table, len(table))
    for task in ("ssdlite", "lraspp"):
        shutil.move(root / "runs" / task / "thin", root / "runs" / task / f"streets-{task}")
    rng = np.random.default_rng(0)
    (root / "images").mkdir()
    for number in range(5):
        blocks = rng.integers(0, 256, (9, 9 + number // 3, 3), dtype=np.uint8)
        Image.fromarray(blocks).resize((160 + 20 * (number // 3), 120)).save(root / "images" / f"{number}.jpg")
    shutil.copy(root / "images" / "0.jpg", root / "photo.jpg")
    writer = cv2.VideoWriter(str(root / "clip.avi"), cv2.VideoWriter.fourcc(*"MJPG"), 5, (160, 120))
    for number in range(5):
        writer.write(cv2.resize(cv2.imread(str(root / "images" / f"{number}.jpg")), (160, 120)))
    writer.release()
    here = Path.cwd()
    os.chdir(root)
    try:
        mnv3.export("run=streets-ssdlite", "out=small.onnx")
        mnv3.export("run=streets-lraspp", "out=streets.onnx")
    finally:
        os.chdir(here)
    return root


@pytest.fixture
def place(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of that folder, as the current one."""
    shutil.copytree(made, tmp_path / "place")
    monkeypatch.chdir(tmp_path / "place")
    return tmp_path / "place"


@pytest.fixture
def silent(monkeypatch: pytest.MonkeyPatch) -> None:
    """What commands print is left out, because it is no part of an example's output."""
    monkeypatch.setattr(verbs, "print", lambda *words, **how: None, raising=False)
