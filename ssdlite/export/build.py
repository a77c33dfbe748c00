"""A detector as an ONNX model: whole, from the bytes of images to detections, or the network with its raw outputs."""

from collections.abc import Iterable
from typing import cast

import numpy as np
import onnx
import torch

from mnv3.backbones.inference.fold import fold_norms
from mnv3.ssdlite.export.boxes import LAST, boxes_of
from mnv3.ssdlite.export.nms import Candidates, detections
from mnv3.ssdlite.model.detector import Detector
from mnv3.ssdlite.model.head import Predictor
from mnv3.tools.export.graph import FLOAT, INT64, Graph, floats, ints
from mnv3.tools.export.network import network_graph

RESIZE_MODES = {"legacy": "asymmetric", "half_pixel": "half_pixel"}
"""ONNX's word for each rule of `ssdlite.model.resize` that a preset has."""


def plain_network(detector: Detector) -> Detector:
    """A copy as exporters take it: norms folded, nothing packed, memory as it comes."""
    plain = fold_norms(detector, pack=False)
    plain.channels_last = False
    return plain


def export_network(detector: Detector, whole: bool) -> onnx.GraphProto:
    """input [N, 3, h, w] float32, 0..255 -> codes [N, A, 4], logits [N, A, num_slots]: see `ssdlite.model.targets.Raw`.

    For a `whole` model the background, which sigmoid scores do without, is left out of the logits.
    """
    plain = plain_network(detector)
    if whole and detector.preset.class_loss == "focal":
        _leave_background_out(plain)
    example = torch.zeros(2, 3, *detector.input_size)
    return network_graph(plain, example, ("input",), ("codes", "logits"), {0: "batch"})


def raw_model(detector: Detector, network: onnx.GraphProto) -> onnx.ModelProto:
    """The network, and as a third output its anchors [A, 4], xyxy in pixels of the input."""
    graph, anchors = Graph(), detector.anchors.cpu().numpy()
    graph.call(network, "input")
    graph.rename(graph.add("Identity", anchors), "anchors")
    count = len(anchors)
    return graph.model(
        "ssdlite",
        {"input": (np.float32, ("batch", 3, *detector.input_size))},
        {
            "codes": (np.float32, ("batch", count, 4)),
            "logits": (np.float32, ("batch", count, detector.num_slots)),
            "anchors": (np.float32, (count, 4)),
        },
    )


def whole_model(detector: Detector, network: onnx.GraphProto) -> onnx.ModelProto:
    """images [N, H, W, 3] uint8 RGB of any size -> boxes [N, D, 4] float32 xyxy in pixels of the images, scores [N, D]
    float32, best first, classes [N, D] int64 (class slots), counts [N] int64; padding is 0.

    `network`: as `export_network` gives it for a whole model.
    """
    graph, preset = Graph(), detector.preset
    codes, logits = graph.call(network, _resized(graph, detector))
    found = detections(graph, _candidates(graph, detector, codes, logits), preset)
    real = graph.add("Greater", found.scores, np.float32(0))
    slots = graph.add("Add", found.classes, np.int64(1))
    scaled = graph.add("Mul", found.boxes, _factors(graph, detector.input_size))
    graph.rename(graph.add("Where", graph.add("Unsqueeze", real, LAST), scaled, np.float32(0)), "boxes")
    graph.rename(found.scores, "scores")
    graph.rename(graph.add("Where", real, slots, np.int64(0)), "classes")
    graph.rename(graph.add("ReduceSum", graph.add("Cast", real, to=INT64), LAST, keepdims=0), "counts")
    limit = preset.max_detections
    return graph.model(
        "ssdlite",
        {"images": (np.uint8, ("batch", "height", "width", 3))},
        {
            "boxes": (np.float32, ("batch", limit, 4)),
            "scores": (np.float32, ("batch", limit)),
            "classes": (np.int64, ("batch", limit)),
            "counts": (np.int64, ("batch",)),
        },
    )


def _leave_background_out(plain: Detector) -> None:
    """Take slot 0 out of what the class predictors compute."""
    for predictor in cast("Iterable[Predictor]", plain.head.classes):
        layer, slots = predictor.predict, predictor.columns
        assert layer.bias is not None
        layer.weight.data = layer.weight.data.unflatten(0, (-1, slots))[:, 1:].flatten(0, 1)
        layer.bias.data = layer.bias.data.unflatten(0, (-1, slots))[:, 1:].flatten()
        layer.out_channels, predictor.columns = len(layer.bias), slots - 1


def _candidates(graph: Graph, detector: Detector, codes: str, logits: str) -> Candidates:
    """All of the network's, without the background: sigmoid scores never had it."""
    values, squash = logits, "Sigmoid"
    if detector.preset.class_loss != "focal":
        scores = graph.add("Softmax", logits, axis=2)
        values, squash = graph.add("Slice", scores, ints(1), ints(2**31), ints(2)), "Identity"
    return Candidates(
        values,
        squash,
        lambda graph, rows=None: boxes_of(graph, detector, codes, rows),
        anchors=len(detector.anchors),
        classes=detector.num_slots - 1,
    )


def _resized(graph: Graph, detector: Detector) -> str:
    """[N, 3, h, w] float32, 0..255: the images at the network's size."""
    planes = graph.add("Cast", graph.add("Transpose", "images", perm=[0, 3, 1, 2]), to=FLOAT)
    mode = RESIZE_MODES[detector.preset.resize_rule]
    return graph.resize(planes, detector.input_size, mode="linear", coordinate_transformation_mode=mode)


def _factors(graph: Graph, input_size: tuple[int, int]) -> str:
    """[4] float32: pixels of the images in one of the network's input, along x, y, x, y."""
    sides = graph.add("Gather", graph.add("Shape", "images"), ints(2, 1, 2, 1))
    return graph.add("Div", graph.add("Cast", sides, to=FLOAT), floats(*input_size[::-1], *input_size[::-1]))
