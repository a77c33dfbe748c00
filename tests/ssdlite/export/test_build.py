"""Exported detectors, run by ONNX Runtime, against PyTorch."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from torch import nn

from mnv3.ssdlite.export import nms
from mnv3.ssdlite.export.boxes import boxes_of
from mnv3.ssdlite.export.build import export_network, raw_model, whole_model
from mnv3.ssdlite.export.hooks import LEAST, agree, facts, sensitive
from mnv3.ssdlite.export.predictor import OnnxDetector
from mnv3.ssdlite.model.anchors import paper_layout
from mnv3.ssdlite.model.boxes import clip, decode
from mnv3.ssdlite.model.detector import build_detector
from mnv3.ssdlite.predict import DetectorPredictor
from mnv3.tools.export.description import ClassRow, Description
from mnv3.tools.export.engines.onnx import Session
from mnv3.tools.export.file import Exported
from mnv3.tools.export.graph import begin, constant, finish, users_of
from mnv3.tools.predict.predictor import Boxes

SLOTS = 9


RULES = {
    "paper": {
        "pixel_scale": 1 / 64,
        "pixel_offset": 2.5,
        "anchors": tuple(tuple((0.8 * height, width) for height, width in level) for level in paper_layout()),
        "square_anchors": False,
        "nms_iou": 0.45,
        "max_per_class": 20,
    },
    "torchvision": {},
    "zoo2018": {},
}
"""Of presets, with other values in the first, as another project's graph can have them."""


@pytest.fixture(scope="module", params=RULES)
def predictor(request: pytest.FixtureRequest) -> DetectorPredictor:
    """A thin network with random weights that finds something of every class."""
    torch.manual_seed(0)
    rules = {"preset": request.param, **RULES[request.param]}
    detector = build_detector(backbone="small", width=0.35, num_slots=SLOTS, input_size=(96, 128), **rules)
    for layer in detector.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.running_mean.normal_(0, 0.1)  # type: ignore[union-attr]
            layer.running_var.uniform_(0.2, 1)  # type: ignore[union-attr]
        elif isinstance(layer, nn.Conv2d):
            nn.init.kaiming_normal_(layer.weight, 0.7 if layer.bias is None else 5)  # boxes near their anchors
    names = {slot: f"kind {slot}" for slot in range(1, SLOTS)}
    return DetectorPredictor(detector.eval(), names, {slot: slot for slot in names})


@pytest.fixture(scope="module")
def network(predictor: DetectorPredictor) -> onnx.GraphProto:
    return export_network(predictor.detector, whole=True)


@pytest.fixture(scope="module")
def raw_network(predictor: DetectorPredictor) -> onnx.GraphProto:
    return export_network(predictor.detector, whole=False)


@pytest.fixture(scope="module")
def images() -> list[np.ndarray]:
    """Neighbours of one size and others: shrunk by whole and by broken factors, and enlarged."""
    rng = np.random.default_rng(0)
    sizes = ((192, 256), (192, 256), (150, 333), (60, 70))
    return [rng.integers(0, 256, (*size, 3), dtype=np.uint8) for size in sizes]


def opened(model: onnx.ModelProto, predictor: DetectorPredictor, kind: str) -> OnnxDetector:
    classes = [ClassRow(slot, name, slot, [0, 0, 0]) for slot, name in predictor.classes.items()]
    description = Description(
        version="0",
        task="ssdlite",
        kind=kind,
        precision="float32",
        classes=classes,
        figures={},
        config={},
        source="",
        command="",
        **facts(predictor),
    )
    return OnnxDetector(Exported(Path("x.onnx"), model, description), threads=1)


def test_whole_and_raw_files_find_what_pytorch_finds(
    predictor: DetectorPredictor, network: onnx.GraphProto, raw_network: onnx.GraphProto, images: list[np.ndarray]
) -> None:
    ours = [predictor([image])[0] for image in images]
    assert all(len(found.scores) > 20 and len(set(found.classes.tolist())) > 3 for found in ours)
    detector = predictor.detector
    for kind, model in (("whole", whole_model(detector, network)), ("raw", raw_model(detector, raw_network))):
        theirs = opened(model, predictor, kind)(images)
        agreement = agree(predictor, ours, theirs)
        assert agreement.good, f"{kind}: {agreement.words}"
        assert [len(found.scores) for found in theirs] == [len(found.scores) for found in ours]


def test_all_candidates_count_where_the_best_ones_are_not_enough(
    predictor: DetectorPredictor,
    network: onnx.GraphProto,
    images: list[np.ndarray],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(nms, "first_pool", lambda *_: 16)
    theirs = opened(whole_model(predictor.detector, network), predictor, "whole")(images)
    assert agree(predictor, [predictor([image])[0] for image in images], theirs).good


def test_outputs_of_a_whole_file(predictor: DetectorPredictor, network: onnx.GraphProto, images: list) -> None:
    model = whole_model(predictor.detector, network)
    boxes, scores, classes, counts = Session(model, 1)(np.stack(images[:2]))
    limit = predictor.detector.preset.max_detections
    assert boxes.shape == (2, limit, 4) and scores.shape == classes.shape == (2, limit)
    assert counts.tolist() == (scores > 0).sum(1).tolist()
    assert (np.diff(scores) <= 0).all() and (classes[scores > 0] > 0).all() and not boxes[scores == 0].any()
    assert b"/" + b"backbones/" not in model.SerializeToString()  # no path of a source file


def test_raw_outputs(predictor: DetectorPredictor, raw_network: onnx.GraphProto) -> None:
    detector, x = predictor.detector, torch.rand(3, 3, 96, 128) * 255
    model = raw_model(detector, raw_network)
    assert {tensor.name for tensor in model.graph.initializer} <= set(users_of(model.graph))  # runtimes warn otherwise
    codes, logits, anchors = Session(model, 1)(x.numpy())
    with torch.inference_mode():
        raw = detector(x)
    np.testing.assert_allclose(codes, raw.codes, atol=1e-4)
    np.testing.assert_allclose(logits, raw.logits, atol=1e-4)
    assert np.array_equal(anchors, detector.anchors)


def test_nothing_found(predictor: DetectorPredictor, network: onnx.GraphProto, images: list[np.ndarray]) -> None:
    detector = predictor.detector
    before = detector.preset
    try:
        detector.preset = replace(before, score_threshold=1.0)
        found = opened(whole_model(detector, network), predictor, "whole")(images[:1])[0]
    finally:
        detector.preset = before
    assert isinstance(found, Boxes) and found.boxes.shape == (0, 4) and found.scores.shape == (0,)


def test_boxes_are_decoded_to_the_same_bits(predictor: DetectorPredictor) -> None:
    """NMS may hang on the last one: only exponentials, which each library rounds its own way, may differ, by one."""
    detector = predictor.detector
    count = len(detector.anchors)
    codes = torch.randn(1, count, 4)
    codes[..., 2:] = 0  # exp(0) is 1 everywhere
    shape = ("batch", count, 4)
    op, value = begin("codes", np.float32, shape)
    rows = constant(op, np.arange(count)[None, ::-1].copy())
    values = boxes_of(op, detector, value).compared, boxes_of(op, detector, value, rows).compared
    model = finish(op, {name: (box, np.float32, shape) for name, box in zip(("boxes", "picked"), values, strict=True)})
    found, picked = Session(model, 1)(codes.numpy())
    want = decode(codes, detector.anchors, detector.preset.max_stretch)
    want = clip(want, *detector.input_size) if detector.preset.clip_first else want
    np.testing.assert_array_equal(found, want)
    np.testing.assert_array_equal(picked[:, ::-1], want)


def test_the_check_of_a_file_that_finds_little_is_made_with_a_lower_threshold(
    predictor: DetectorPredictor, images: list[np.ndarray]
) -> None:
    """A file was passed by comparing none with none."""
    detector = predictor.detector
    before = detector.preset
    assert sensitive(predictor, images * 2) is None
    try:
        detector.preset = replace(before, score_threshold=1.0)
        eager = sensitive(predictor, images * 2)
        assert eager is not None and detector.preset.score_threshold == 1.0
        assert sum(len(eager([image])[0].scores) for image in images * 2) >= LEAST
        model = whole_model(eager.detector, export_network(eager.detector, whole=True))
        ours = [eager([image])[0] for image in images]
        agreement = agree(eager, ours, opened(model, eager, "whole")(images))
    finally:
        detector.preset = before
    assert agreement.good and int(agreement.words.split()[0]) >= LEAST
