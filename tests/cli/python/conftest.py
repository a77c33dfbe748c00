"""A folder as a user has it: runs of both tasks, an exported file of each, photos, a video."""

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

import mnv3
from mnv3.cli.call import arguments, mistakes
from mnv3.cli.call.experiments import with_names
from mnv3.cli.python import verbs
from mnv3.lraspp.data.classes import CITYSCAPES
from mnv3.lraspp.weights.load import segmenter_from_config
from mnv3.ssdlite.weights.load import detector_from_config
from mnv3.tools.streets.classes import COCO_CATEGORIES
from mnv3.tools.weights.checkpoint import read_checkpoint, write_checkpoint
from tests.cli.test_export import write_run


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("python")
    table = [[entry.name, list(entry.colour), entry.category, entry.id] for entry in CITYSCAPES]
    write_run(root, "ssdlite", "detector.", detector_from_config, dict(enumerate(COCO_CATEGORIES, start=1)), 9)
    write_run(root, "lraspp", "segmenter.", segmenter_from_config, table, len(table))
    for run, name in (("ssdlite/thin", "ssdlite/streets"), ("lraspp/thin", "lraspp/masks")):
        shutil.move(root / "runs" / run, root / "runs" / name)
    _spread(root / "runs/ssdlite/streets/checkpoints/best.ckpt")
    rng = np.random.default_rng(0)
    (root / "images").mkdir()
    for number in range(5):
        blocks = rng.integers(0, 256, (9, 9 + number // 3, 3), dtype=np.uint8)
        Image.fromarray(blocks).resize((160 + 20 * (number // 3), 120)).save(root / "images" / f"{number}.jpg")
    shutil.copy(root / "images" / "0.jpg", root / "photo.jpg")
    writer = cv2.VideoWriter(str(root / "clip.mp4"), cv2.VideoWriter.fourcc(*"mp4v"), 5, (160, 120))
    for number in range(5):
        writer.write(np.asarray(Image.open(root / "images" / f"{number}.jpg").resize((160, 120)))[:, :, ::-1])
    writer.release()
    here = Path.cwd()
    os.chdir(root)
    try:
        mnv3.export("run=streets", "out=small.onnx")
        mnv3.export("run=masks", "out=masks.onnx")
    finally:
        os.chdir(here)
    return root


def _spread(file: Path) -> None:
    """Make the scores of a detector with random weights spread over 0..1."""
    checkpoint = read_checkpoint(file)
    for name, value in checkpoint["state_dict"].items():
        if ".classes." in name and name.endswith("predict.bias"):
            value.zero_()
    write_checkpoint(checkpoint, file)


@pytest.fixture
def place(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of that folder, as the current one."""
    shutil.copytree(made, tmp_path / "place")
    monkeypatch.chdir(tmp_path / "place")
    return tmp_path / "place"


@pytest.fixture
def instant(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands are checked, but not run: they return what is there already."""
    there = {"train": "runs/ssdlite/streets", "eval": "runs/ssdlite/streets", "export": "small.onnx"}

    def run(verb: str, overrides: Sequence[str]) -> Path:
        mistakes.check(verb, with_names(verb, arguments.split(overrides), None))
        return Path(there[verb])

    monkeypatch.setattr(verbs, "_run", run)
