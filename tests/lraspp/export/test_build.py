"""Exported segmenters, run by ONNX Runtime, against PyTorch."""

from dataclasses import asdict
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from torch import nn

from mnv3.lraspp.data.frames import SegClass
from mnv3.lraspp.export.build import export_network, raw_model, whole_model
from mnv3.lraspp.export.predictor import OnnxSegmenter
from mnv3.lraspp.model.segmenter import build_segmenter
from mnv3.lraspp.predict import SegmenterPredictor
from mnv3.tools.export.checking import labels_agree
from mnv3.tools.export.description import ClassRow, Description
from mnv3.tools.export.file import Exported

CLASSES = 5
SIZE = (98, 130)
OPTIONS = {
    "paper": {"output_stride": 8},  # its windows are smaller than the map
    "torchvision": {},
    "R-ASPP": {"head": "raspp", "output_stride": 32},
    "paper, any size": {"pool": "global"},
    "torchvision, any size": {},
}


@pytest.fixture(scope="module", params=OPTIONS)
def predictor(request: pytest.FixtureRequest) -> SegmenterPredictor:
    """A thin network with random weights that finds several classes."""
    torch.manual_seed(0)
    preset = "torchvision" if request.param.startswith("torchvision") else "paper"
    segmenter = build_segmenter(
        preset=preset, backbone="small", width=0.35, num_classes=CLASSES, **OPTIONS[request.param]
    )
    for layer in segmenter.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.running_mean.normal_(0, 0.1)  # type: ignore[union-attr]
            layer.running_var.uniform_(0.8, 1.2)  # type: ignore[union-attr]
        elif isinstance(layer, nn.Conv2d):
            nn.init.kaiming_normal_(layer.weight)
    classes = [SegClass(f"kind {index}", (index, 0, 0), None, index + 7) for index in range(CLASSES)]
    return SegmenterPredictor(segmenter.eval(), classes, None if "any size" in request.param else SIZE)


@pytest.fixture(scope="module")
def network(predictor: SegmenterPredictor) -> onnx.GraphProto:
    return export_network(predictor.segmenter, predictor.input_size)


@pytest.fixture(scope="module")
def images() -> list[np.ndarray]:
    """Of the network's size, and others: enlarged, shrunk."""
    rng = np.random.default_rng(0)
    sizes = (SIZE, SIZE, (80, 100), (150, 333))
    coarse = [rng.integers(0, 256, (size[0] // 8, size[1] // 8, 3), dtype=np.uint8) for size in sizes]
    return [
        nn.functional.interpolate(torch.from_numpy(image).permute(2, 0, 1)[None], size, mode="bilinear")[0]
        .permute(1, 2, 0)
        .numpy()
        for image, size in zip(coarse, sizes, strict=True)
    ]


@pytest.mark.parametrize("kind", ["whole", "raw"])
def test_files_label_as_pytorch_does(
    predictor: SegmenterPredictor, network: onnx.GraphProto, images: list[np.ndarray], kind: str
) -> None:
    ours = [predictor([image])[0] for image in images]
    assert all(len(np.unique(labels)) > 2 for labels in ours)
    model = (whole_model if kind == "whole" else raw_model)(predictor.segmenter, network, predictor.input_size)
    theirs = OnnxSegmenter(exported(model, predictor, kind), threads=1)(images)
    assert [labels.shape for labels in theirs] == [image.shape[:2] for image in images]
    agreement = labels_agree(ours[:2], theirs[:2])
    assert agreement.good, agreement.words
    # Where images are resized, bytes may be rounded the other way.
    assert all((one == other).mean() > 0.998 for one, other in zip(ours, theirs, strict=True))


def exported(model: onnx.ModelProto, predictor: SegmenterPredictor, kind: str) -> Exported:
    classes = [ClassRow(number, name, predictor.ids[number], [0, 0, 0]) for number, name in predictor.classes.items()]
    description = Description(
        version="0",
        task="lraspp",
        kind=kind,
        precision="float32",
        input_size=None if predictor.input_size is None else list(predictor.input_size),
        preprocessing="",
        rules=asdict(predictor.segmenter.preset),
        classes=classes,
        figures={},
        config={},
        source="",
        command="",
    )
    return Exported(Path("x.onnx"), model, description)
