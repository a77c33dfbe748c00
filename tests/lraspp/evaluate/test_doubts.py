"""Label maps that a segmenter contradicts, with one that classifies by colour."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from mnv3.lraspp.data.frames import FrameData
from mnv3.lraspp.evaluate.doubts import Doubt, _draw, _entry, _report, doubts_of_split
from mnv3.tools.errors import UserError
from tests.lraspp.data.files import values_of
from tests.lraspp.data.formats.opening import opened
from tests.mask_files import COLOURS, NAMES, draw, write_ids

DRAWN = draw(8, 0)
SHADES = torch.tensor(COLOURS, dtype=torch.float32) // 2 + 30


class ByColour:
    """Logits by the distance of a pixel's colour from those that the images are painted with."""

    def __init__(self, sharpness: float = 1.0) -> None:
        self.sharpness = sharpness

    def __call__(self, images: Tensor) -> Tensor:
        apart = images.float()[:, None] - SHADES[None, :, :, None, None]
        return -apart.square().mean(2).sqrt() * self.sharpness

    def upsample(self, logits: Tensor, size: tuple[int, int]) -> Tensor:
        assert logits.shape[2:] == size
        return logits


def predictor(names: tuple[str, ...] = NAMES, sharpness: float = 1.0) -> Any:
    classes = dict(enumerate(names))
    return SimpleNamespace(segmenter=ByColour(sharpness), classes=classes, device="cpu", input_size=None)


def data_of(folder: Path) -> FrameData:
    """The images drawn; in the label file of frame 03 leaf and rot are swapped."""
    write_ids(folder, DRAWN)
    file = folder / "masks" / "train" / "frame 03.png"
    values = values_of(file)
    Image.fromarray(np.where(values == 1, 2, np.where(values == 2, 1, values)).astype(np.uint8)).save(file)
    return opened(folder, val_share=0)


def doubts_on(data: FrameData, **keys: Any) -> list[Doubt]:
    return doubts_of_split(predictor(**keys), data, "train", lambda line: None)


def test_the_frame_with_wrong_labels_comes_first(tmp_path: Path) -> None:
    data = data_of(tmp_path)
    first, *others = doubts_on(data)
    assert first.frame.endswith("frame 03") and first.sure > 3 * max(doubt.sure for doubt in others)
    share = (DRAWN[3].ids > 0).mean()
    assert first.agreement == pytest.approx(1 - share, abs=0.08) and first.sure == pytest.approx(share, abs=0.08)
    truth, found = divmod(int(first.pairs.argmax()), 3)
    assert {truth, found} == {1, 2}
    entry = _entry(first, data)
    assert {entry["pairs"][0]["label"], entry["pairs"][0]["found"]} == {"leaf", "rot"}
    assert entry["frame"].endswith("frame 03") and len(doubts_on(data)) == 8


def test_what_the_network_is_not_sure_of_is_no_doubt(tmp_path: Path) -> None:
    data = data_of(tmp_path)
    assert all(doubt.sure == 0 for doubt in doubts_on(data, sharpness=0.001))


def test_ignored_pixels_and_unknown_classes_do_not_count(tmp_path: Path) -> None:
    data = data_of(tmp_path)
    lines: list[str] = []
    for doubt in doubts_of_split(predictor(("background", "leaf", "moss")), data, "train", lines.append):
        assert not doubt.pairs[2].any()
    assert any("rot" in line for line in lines)
    with pytest.raises(UserError, match="none of the classes"):
        doubts_on(data, names=("a", "b", "c"))
    for file in (tmp_path / "masks").rglob("*.png"):
        Image.fromarray(np.full_like(values_of(file), 255)).save(file)
    assert doubts_on(data) == []


def test_what_is_reported(tmp_path: Path) -> None:
    data, lines = data_of(tmp_path), list[str]()
    _report(doubts_on(data), data, "train", lines.append)
    agreement, sure, pairs = lines
    assert agreement.split(": ")[1].startswith("images/train/frame 03") and "frame 03" in sure
    assert "predicted" in pairs and "frame 03" in pairs
    _draw(predictor(), data, [3], tmp_path / "out" / "doubts-train.png")
    assert (tmp_path / "out" / "doubts-train.png").is_file()
