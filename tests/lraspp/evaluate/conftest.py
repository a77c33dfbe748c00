"""What the tests of scoring share."""

import pytest
import torch

from mnv3.lraspp.data.frames import FrameData
from mnv3.lraspp.model.segmenter import Segmenter, build_segmenter
from tests.lraspp.evaluate.made_up import cityscapes_data


@pytest.fixture(scope="session")
def segmenter() -> Segmenter:
    """A small network that says different things of different pixels."""
    torch.manual_seed(0)
    segmenter = build_segmenter(backbone="small", width=0.35, num_classes=19).eval()
    for layer in segmenter.modules():
        if isinstance(layer, torch.nn.Conv2d):
            torch.nn.init.kaiming_normal_(layer.weight)
    return segmenter


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> FrameData:
    """Seven frames in Cityscapes' layout: no number of processes above one divides them."""
    return cityscapes_data(tmp_path_factory.mktemp("cityscapes"), frames=7)
