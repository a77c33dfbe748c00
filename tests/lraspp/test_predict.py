"""The predictor gives what scoring would, whatever sizes the images have."""

import numpy as np
import pytest
import torch
from torch import nn

from mnv3.lraspp.data.classes import CITYSCAPES
from mnv3.lraspp.evaluate.inference import predict
from mnv3.lraspp.model.segmenter import Segmenter, build_segmenter
from mnv3.lraspp.predict import SegmenterPredictor

SIZES = ((65, 97), (65, 97), (48, 64), (65, 97))


@pytest.fixture
def segmenter() -> Segmenter:
    """Random, with classes that differ from place to place."""
    torch.manual_seed(0)
    segmenter = build_segmenter(backbone="small", width=0.35, num_classes=len(CITYSCAPES)).eval()
    for layer in segmenter.modules():
        if isinstance(layer, nn.Conv2d):
            nn.init.kaiming_normal_(layer.weight)
    return segmenter


@pytest.mark.parametrize("input_size", [None, (81, 113)])
def test_images_of_any_size_as_in_scoring(segmenter: Segmenter, input_size: tuple[int, int] | None) -> None:
    rng = np.random.default_rng(0)
    images = [rng.integers(0, 256, (*size, 3), dtype=np.uint8) for size in SIZES]
    predictor = SegmenterPredictor(segmenter, CITYSCAPES, input_size)
    found = predictor(images)
    assert predictor([]) == []
    for image, labels in zip(images, found, strict=True):
        inputs = torch.from_numpy(image).permute(2, 0, 1)[None]
        wanted = predict(segmenter, inputs, image.shape[:2], input_size=input_size)[0].numpy()
        assert labels.dtype == np.uint8 and labels.shape == image.shape[:2]
        assert (labels != wanted).mean() < 1e-3  # logits equal to the last bit decide otherwise in folded networks
    assert len(np.unique(np.concatenate([labels.ravel() for labels in found]))) > 3


def test_classes_have_their_ids_and_colours(segmenter: Segmenter) -> None:
    predictor = SegmenterPredictor(segmenter, CITYSCAPES)
    assert (predictor.classes[13], predictor.ids[13], predictor.colours[13]) == ("car", 26, (0, 0, 142))
