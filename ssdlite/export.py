"""A detector as an ONNX model: whole, from the bytes of images to detections, or the network with its raw outputs."""

import numpy as np
import onnx
import torch

from backbones.fold import fold_norms
from ssdlite.boxes import CODE_SCALE
from ssdlite.export_nms import LAST, Candidates, Nms, rows_of
from ssdlite.model import Detector
from tools.export.graph import FLOAT, INT64, Graph, floats, ints
from tools.export.network import network_graph

RESIZE_MODES = {"legacy": "asymmetric", "half_pixel": "half_pixel"}
"""ONNX's word for each rule of `ssdlite.resize` that a preset has."""


def plain_network(detector: Detector) -> Detector:
    """A copy as exporters take it: norms folded, nothing packed, memory as it comes."""
    plain = fold_norms(detector, pack=False)
    plain.channels_last = False
    return plain


def export_network(detector: Detector) -> onnx.GraphProto:
    """input [N, 3, h, w] float32, 0..255 -> codes [N, A, 4], logits [N, A, num_slots]: see `ssdlite.targets.Raw`."""
    plain = plain_network(detector)
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

    `network`: as `export_network` gives it.
    """
    graph, preset = Graph(), detector.preset
    codes, logits = graph.call(network, _resized(graph, detector))
    boxes = _decoded(graph, codes, detector)
    clipped = _clipped(graph, boxes, detector.input_size)
    focal = preset.class_loss == "focal"
    scores = logits if focal else graph.add("Softmax", logits, axis=2)
    candidates = Candidates(
        graph.add("Slice", scores, ints(1), ints(2**31), ints(2)),  # without the background
        "Sigmoid" if focal else "Identity",
        clipped if preset.clip_first else boxes,
        None if preset.clip_first else _visible(graph, clipped),
    )
    found = Nms(preset, detector.num_slots - 1, len(detector.anchors)).detections(graph, candidates)
    real = graph.add("Greater", found.scores, np.float32(0))
    slots = graph.add("Add", found.classes, np.int64(1))
    scaled = graph.add("Mul", rows_of(graph, clipped, found.anchors), _factors(graph, detector.input_size))
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


def _resized(graph: Graph, detector: Detector) -> str:
    """[N, 3, h, w] float32, 0..255: the images at the network's size."""
    planes = graph.add("Cast", graph.add("Transpose", "images", perm=[0, 3, 1, 2]), to=FLOAT)
    mode = RESIZE_MODES[detector.preset.resize_rule]
    return graph.resize(planes, detector.input_size, mode="linear", coordinate_transformation_mode=mode)


def _factors(graph: Graph, input_size: tuple[int, int]) -> str:
    """[4] float32: pixels of the images in one of the network's input, along x, y, x, y."""
    sides = graph.add("Gather", graph.add("Shape", "images"), ints(2, 1, 2, 1))
    return graph.add("Div", graph.add("Cast", sides, to=FLOAT), floats(*input_size[::-1], *input_size[::-1]))


def _decoded(graph: Graph, codes: str, detector: Detector) -> str:
    """Boxes [N, A, 4] xyxy in pixels of the input, as `ssdlite.boxes.decode`."""
    anchors = detector.anchors.cpu().numpy()
    sides = anchors[:, 2:] - anchors[:, :2]
    shifts, stretches = graph.split("Split", 2, codes, axis=2, num_outputs=2)
    moved = graph.add("Mul", shifts, sides / np.float32(CODE_SCALE[0]))
    centres = graph.add("Add", moved, anchors[:, :2] + np.float32(0.5) * sides)
    scaled = graph.add("Div", stretches, np.float32(CODE_SCALE[2]))
    capped = graph.add("Min", scaled, np.float32(detector.preset.max_stretch))
    half = graph.add("Mul", graph.add("Exp", capped), np.float32(0.5) * sides)
    return graph.add("Concat", graph.add("Sub", centres, half), graph.add("Add", centres, half), axis=2)


def _clipped(graph: Graph, boxes: str, input_size: tuple[int, int]) -> str:
    return graph.add("Min", graph.add("Max", boxes, np.float32(0)), floats(*input_size[::-1], *input_size[::-1]))


def _visible(graph: Graph, clipped: str) -> str:
    """[N, A] float32: 1 for boxes with an area, else 0."""
    low, high = graph.split("Split", 2, clipped, axis=2, num_outputs=2)
    shorter = graph.add("ReduceMin", graph.add("Sub", high, low), LAST, keepdims=0)
    return graph.add("Cast", graph.add("Greater", shorter, np.float32(0)), to=FLOAT)
