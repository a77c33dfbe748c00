"""Box decoding as nodes of an ONNX graph, by the rules of `ssdlite.model.boxes`."""

from typing import NamedTuple

import numpy as np
from onnxscript import OpBuilder, ir

from mnv3.ssdlite.model.boxes import CODE_SCALE
from mnv3.ssdlite.model.detector import Detector
from mnv3.tools.export.graph import FLOAT, constant

LAST = [-1]


class GraphBoxes(NamedTuple):
    """Graph values for P anchors of each image: boxes [N, P, 4] xyxy in pixels of the network's input, as NMS compares
    them (`compared`) and clipped to the image (`clipped`); `visible` [N, P] float32, 0 to drop after NMS, or None."""

    compared: ir.Value
    clipped: ir.Value
    visible: ir.Value | None


def boxes_of(op: OpBuilder, detector: Detector, codes: ir.Value, rows: ir.Value | None = None) -> GraphBoxes:
    """Decode `codes` [N, A, 4] of all anchors, or of those in `rows` [N, P]."""
    anchors = detector.anchors.cpu().numpy()
    sides = anchors[:, 2:] - anchors[:, :2]
    table = constant(op, np.concatenate((anchors[:, :2] + np.float32(0.5) * sides, sides), 1))
    if rows is not None:
        codes, table = rows_of(op, codes, rows), op.Gather(table, rows)
    centres, sides = op.Split(table, axis=-1, num_outputs=2, _outputs=2)
    # The same steps as `ssdlite.model.boxes.decode`, because NMS can depend on the last bit.
    scaled = op.Div(codes, CODE_SCALE)
    shifts, stretches = op.Split(scaled, axis=2, num_outputs=2, _outputs=2)
    middle = op.Add(op.Mul(shifts, sides), centres)
    capped = op.Min(stretches, detector.preset.max_stretch)
    reach = op.Mul(op.Mul(op.Exp(capped), sides), 0.5)
    decoded = op.Concat(op.Sub(middle, reach), op.Add(middle, reach), axis=2)
    limits = [*detector.input_size[::-1], *detector.input_size[::-1]]
    clipped = op.Min(op.Max(decoded, 0.0), limits)
    if detector.preset.clip_first:
        return GraphBoxes(clipped, clipped, None)
    return GraphBoxes(decoded, clipped, _visible(op, clipped))


def rows_of(op: OpBuilder, values: ir.Value, rows: ir.Value) -> ir.Value:
    """Gather `rows` [N, P] of `values` [N, A, C] -> [N, P, C]."""
    return op.GatherND(values, op.Unsqueeze(rows, LAST), batch_dims=1)


def _visible(op: OpBuilder, clipped: ir.Value) -> ir.Value:
    """[N, P] float32: 1 for boxes with an area, else 0."""
    low, high = op.Split(clipped, axis=2, num_outputs=2, _outputs=2)
    shorter = op.ReduceMin(op.Sub(high, low), LAST, keepdims=0)
    return op.Cast(op.Greater(shorter, 0.0), to=FLOAT)
