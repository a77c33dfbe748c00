"""Decoding boxes as nodes of an ONNX graph, by the rules of `ssdlite.model.boxes`."""

from typing import NamedTuple

import numpy as np

from mnv3.ssdlite.model.boxes import CODE_SCALE
from mnv3.ssdlite.model.detector import Detector
from mnv3.tools.export.graph import FLOAT, Graph, floats, ints

LAST = ints(-1)


class Boxes(NamedTuple):
    """Values in a graph, of P anchors of each image: boxes [N, P, 4] xyxy in pixels of the network's input, as NMS
    compares them (`compared`) and within the image (`clipped`); `visible` [N, P] float32, 0 for those that are not to
    be shown, None if all are."""

    compared: str
    clipped: str
    visible: str | None


def boxes_of(graph: Graph, detector: Detector, codes: str, rows: str | None = None) -> Boxes:
    """Boxes of `codes` [N, A, 4], of all anchors or of those in `rows` [N, P]."""
    anchors = detector.anchors.cpu().numpy()
    sides = anchors[:, 2:] - anchors[:, :2]
    table = np.concatenate((anchors[:, :2] + np.float32(0.5) * sides, sides), 1)
    centres, sides = table[:, :2], table[:, 2:]
    if rows is not None:
        codes = rows_of(graph, codes, rows)
        centres, sides = graph.split("Split", 2, graph.add("Gather", table, rows), axis=2, num_outputs=2)
    # Step by step as `ssdlite.model.boxes.decode` rounds: NMS may hang on the last bit.
    scaled = graph.add("Div", codes, floats(*CODE_SCALE))
    shifts, stretches = graph.split("Split", 2, scaled, axis=2, num_outputs=2)
    middle = graph.add("Add", graph.add("Mul", shifts, sides), centres)
    capped = graph.add("Min", stretches, np.float32(detector.preset.max_stretch))
    reach = graph.add("Mul", graph.add("Mul", graph.add("Exp", capped), sides), np.float32(0.5))
    decoded = graph.add("Concat", graph.add("Sub", middle, reach), graph.add("Add", middle, reach), axis=2)
    limits = floats(*detector.input_size[::-1], *detector.input_size[::-1])
    clipped = graph.add("Min", graph.add("Max", decoded, np.float32(0)), limits)
    if detector.preset.clip_first:
        return Boxes(clipped, clipped, None)
    return Boxes(decoded, clipped, _visible(graph, clipped))


def rows_of(graph: Graph, values: str, rows: str) -> str:
    """Rows `rows` [N, P] of `values` [N, A, C] -> [N, P, C]."""
    return graph.add("GatherND", values, graph.add("Unsqueeze", rows, LAST), batch_dims=1)


def _visible(graph: Graph, clipped: str) -> str:
    """[N, P] float32: 1 for boxes with an area, else 0."""
    low, high = graph.split("Split", 2, clipped, axis=2, num_outputs=2)
    shorter = graph.add("ReduceMin", graph.add("Sub", high, low), LAST, keepdims=0)
    return graph.add("Cast", graph.add("Greater", shorter, np.float32(0)), to=FLOAT)
