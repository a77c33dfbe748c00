"""ONNX models of a detector: whole, from image bytes to detections, or the network with its raw outputs."""

from collections.abc import Iterable
from typing import cast

import numpy as np
import onnx
import torch
from onnxscript import OpBuilder, ir

from mnv3.backbones.inference.fold import fold_norms
from mnv3.ssdlite.export.boxes import LAST, boxes_of
from mnv3.ssdlite.export.nms import TO_END, Candidates, detections
from mnv3.ssdlite.model.detector import Detector
from mnv3.ssdlite.model.head import PredictionLayer
from mnv3.tools.export.graph import FLOAT, INT64, attach, begin, constant, finish, resize
from mnv3.tools.export.network import network_graph

RESIZE_MODES = {"legacy": "asymmetric", "half_pixel": "half_pixel"}
"""ONNX's name of each rule of `ssdlite.model.resize` used by a preset."""


def plain_network(detector: Detector) -> Detector:
    """Return a copy for exporters: norms folded, nothing packed, default memory layout."""
    plain = fold_norms(detector, pack=False)
    plain.channels_last = False
    return plain


def export_network(detector: Detector, whole: bool) -> onnx.GraphProto:
    """input [N, 3, h, w] float32, 0..255 -> codes [N, A, 4], logits [N, A, num_slots]: see `ssdlite.model.targets.Raw`.

    For a `whole` model the logits lack the background if scores are sigmoids, which do not need it.
    """
    plain = plain_network(detector)
    if whole and detector.preset.sigmoid:
        _leave_background_out(plain)
    example = torch.zeros(2, 3, *detector.input_size)
    return network_graph(plain, example, ("input",), ("codes", "logits"), {0: "batch"})


def raw_model(detector: Detector, network: onnx.GraphProto) -> onnx.ModelProto:
    """Build the model of the network, with its anchors [A, 4], xyxy in pixels of the input, as third output."""
    op, value = begin("input", np.float32, ("batch", 3, *detector.input_size))
    codes, logits = attach(op, network, value)
    anchors = detector.anchors.cpu().numpy()
    count = len(anchors)
    return finish(
        op,
        {
            "codes": (codes, np.float32, ("batch", count, 4)),
            "logits": (logits, np.float32, ("batch", count, detector.num_slots)),
            "anchors": (constant(op, anchors), np.float32, (count, 4)),
        },
    )


def whole_model(detector: Detector, network: onnx.GraphProto) -> onnx.ModelProto:
    """images [N, H, W, 3] uint8 RGB of any size -> boxes [N, D, 4] float32 xyxy in pixels of the images, scores [N, D]
    float32, best first, classes [N, D] int64 (class slots), counts [N] int64; padding is 0.

    `network`: from `export_network` with `whole`.
    """
    op, images = begin("images", np.uint8, ("batch", "height", "width", 3))
    preset = detector.preset
    codes, logits = attach(op, network, _resized(op, detector, images))
    found = detections(op, _candidates(op, detector, codes, logits), preset)
    real = op.Greater(found.scores, 0.0)
    slots = op.Add(found.classes, 1)
    scaled = op.Mul(found.boxes, _factors(op, images, detector.input_size))
    boxes = op.Where(op.Unsqueeze(real, LAST), scaled, 0.0)
    counts = op.ReduceSum(op.Cast(real, to=INT64), LAST, keepdims=0)
    limit = preset.max_detections
    return finish(
        op,
        {
            "boxes": (boxes, np.float32, ("batch", limit, 4)),
            "scores": (found.scores, np.float32, ("batch", limit)),
            "classes": (op.Where(real, slots, 0), np.int64, ("batch", limit)),
            "counts": (counts, np.int64, ("batch",)),
        },
    )


def _leave_background_out(plain: Detector) -> None:
    """Remove slot 0 from the class predictors."""
    for predictor in cast("Iterable[PredictionLayer]", plain.head.classes):
        layer, slots = predictor.predict, predictor.columns
        assert layer.bias is not None
        layer.weight.data = layer.weight.data.unflatten(0, (-1, slots))[:, 1:].flatten(0, 1)
        layer.bias.data = layer.bias.data.unflatten(0, (-1, slots))[:, 1:].flatten()
        layer.out_channels, predictor.columns = len(layer.bias), slots - 1


def _candidates(op: OpBuilder, detector: Detector, codes: ir.Value, logits: ir.Value) -> Candidates:
    """Return all candidates without the background, which `logits` for sigmoid scores already lack."""
    values, squash = logits, lambda op, values: op.Sigmoid(values)
    if not detector.preset.sigmoid:
        values, squash = op.Slice(op.Softmax(logits, axis=2), [1], TO_END, [2]), lambda op, values: values
    return Candidates(
        values,
        squash,
        lambda op, rows=None: boxes_of(op, detector, codes, rows),
        anchors=len(detector.anchors),
        classes=detector.num_slots - 1,
    )


def _resized(op: OpBuilder, detector: Detector, images: ir.Value) -> ir.Value:
    """Resize the images to the network's size: [N, 3, h, w] float32, 0..255."""
    planes = op.Cast(op.Transpose(images, perm=[0, 3, 1, 2]), to=FLOAT)
    mode = RESIZE_MODES[detector.preset.resize_rule]
    return resize(op, planes, detector.input_size, mode="linear", coordinate_transformation_mode=mode)


def _factors(op: OpBuilder, images: ir.Value, input_size: tuple[int, int]) -> ir.Value:
    """Return [4] float32: image pixels per pixel of the network's input, along x, y, x, y."""
    sides = op.Gather(op.Shape(images), [2, 1, 2, 1])
    return op.Div(op.Cast(sides, to=FLOAT), [*input_size[::-1], *input_size[::-1]])
