"""Greedy NMS by class as nodes of an ONNX graph, by the rules of `ssdlite.model.postprocess`."""

from collections.abc import Callable
from typing import NamedTuple

from onnxscript import OpBuilder, ir

from mnv3.ssdlite.export.boxes import LAST, GraphBoxes, rows_of
from mnv3.ssdlite.model.postprocess import first_pool
from mnv3.ssdlite.model.presets import Preset
from mnv3.tools.export.graph import BOOL, FLOAT, branch

TO_END = [2**31]
"""End of an ONNX Slice that takes everything."""


class Found(NamedTuple):
    """Graph values of D detections: `scores` [N, D], best first, 0 for padding; `classes` [N, D] int64, from 0 without
    the background; `boxes` [N, D, 4] within the image, in pixels of the network's input."""

    scores: ir.Value
    classes: ir.Value
    boxes: ir.Value


class Candidates(NamedTuple):
    """Candidates of A anchors and K classes: graph `values` [N, A, K], ordered like the scores, which `squash` computes
    from them; `boxes(op, rows)` adds the boxes of the anchors `rows` [N, P], or of all anchors."""

    values: ir.Value
    squash: Callable[[OpBuilder, ir.Value], ir.Value]
    boxes: Callable[..., GraphBoxes]
    anchors: int
    classes: int


def detections(op: OpBuilder, candidates: Candidates, preset: Preset) -> Found:
    """Return the best `max_detections` of every image.

    NMS runs on the `first_pool` best candidates of each image, and on all only if these are not enough for some image.
    """
    pool = first_pool(candidates.anchors, preset)
    if pool >= candidates.anchors * candidates.classes:
        return _of_all(op, candidates, preset)
    found, last = _of_best(op, candidates, preset, pool)
    fewest = op.Slice(found.scores, LAST, TO_END, [1])
    full = op.Greater(fewest, 0.0)
    exhausted = op.LessOrEqual(last, preset.score_threshold)
    enough = op.Cast(op.Or(full, exhausted), to=FLOAT)
    return Found(
        *op.If(
            op.Cast(op.ReduceMin(enough, keepdims=0), to=BOOL),
            then_branch=branch(op, lambda op: [op.Identity(value) for value in found], len(found)),
            else_branch=branch(op, lambda op: _of_all(op, candidates, preset), len(found)),
            _outputs=len(found),
        )
    )


def _of_best(op: OpBuilder, candidates: Candidates, preset: Preset, pool: int) -> tuple[Found, ir.Value]:
    """Return the detections among the `pool` best candidates, and the lowest score [N, 1] of that pool."""
    highest, anchors, classes = _best(op, candidates, pool)
    scores = candidates.squash(op, highest)
    boxes = candidates.boxes(op, anchors)
    # [N, K, pool]: each candidate's score in the row of its class
    images = op.Shape(scores, start=0, end=1)
    empty = op.ConstantOfShape(op.Concat(images, [candidates.classes, pool], axis=0))
    rows = [op.Unsqueeze(value, [1]) for value in (classes, scores)]
    table = op.ScatterElements(empty, *rows, axis=1)
    places = op.Gather(_chosen(op, boxes.compared, table, preset, pool), [0, 2], axis=1)
    kept = _kept(op, scores, places)
    if boxes.visible is not None:
        kept = op.Mul(kept, boxes.visible)
    best, which = _first(op, kept, preset.max_detections, pool)
    found = Found(best, op.GatherElements(classes, which, axis=1), rows_of(op, boxes.clipped, which))
    return found, op.Slice(scores, LAST, TO_END, [1])


def _best(op: OpBuilder, candidates: Candidates, pool: int) -> tuple[ir.Value, ir.Value, ir.Value]:
    """Return the `pool` highest values, best first, with their anchors and classes: [N, pool] each.

    First keeping the `pool` anchors of the highest values takes a third of the time of a search over all values.
    """
    values, rows = candidates.values, None
    if pool < candidates.anchors:
        _, rows = op.TopK(op.ReduceMax(values, [2], keepdims=0), [pool], axis=1, _outputs=2)
        values = rows_of(op, values, rows)
    highest, places = op.TopK(op.Reshape(values, [0, -1]), [pool], axis=1, _outputs=2)
    anchors, classes = op.Div(places, candidates.classes), op.Mod(places, candidates.classes)
    return highest, anchors if rows is None else op.GatherElements(rows, anchors, axis=1), classes


def _of_all(op: OpBuilder, candidates: Candidates, preset: Preset) -> Found:
    """Return the detections among all candidates."""
    boxes = candidates.boxes(op)
    table = op.Transpose(candidates.squash(op, candidates.values), perm=[0, 2, 1])
    kept = _kept(op, table, _chosen(op, boxes.compared, table, preset, candidates.anchors))
    if boxes.visible is not None:
        kept = op.Mul(kept, op.Unsqueeze(boxes.visible, [1]))
    total = candidates.classes * candidates.anchors
    best, which = _first(op, op.Reshape(kept, [0, -1]), preset.max_detections, total)
    classes, anchors = op.Div(which, candidates.anchors), op.Mod(which, candidates.anchors)
    return Found(best, classes, rows_of(op, boxes.clipped, anchors))


def _chosen(op: OpBuilder, boxes: ir.Value, table: ir.Value, preset: Preset, count: int) -> ir.Value:
    """Run NMS on `count` boxes with scores `table` [N, K, count]: [M, 3] int64, image, class and box index."""
    if preset.class_candidates is not None and preset.class_candidates < count:
        highest, _ = op.TopK(table, [preset.class_candidates], axis=2, _outputs=2)
        least = op.Slice(highest, LAST, TO_END, [2])
        table = op.Where(op.Less(table, least), 0.0, table)
    most = [preset.max_per_class or count]
    return op.NonMaxSuppression(boxes, table, most, [preset.nms_iou], [preset.score_threshold])


def _kept(op: OpBuilder, scores: ir.Value, places: ir.Value) -> ir.Value:
    """Return `scores` at `places` [M, dimensions], elsewhere 0."""
    count = op.Shape(places, start=0, end=1)
    ones = op.ConstantOfShape(count, value=ir.tensor([1.0]))
    nowhere = op.ConstantOfShape(op.Shape(scores))
    return op.Mul(scores, op.ScatterND(nowhere, places, ones))


def _first(op: OpBuilder, kept: ir.Value, limit: int, there: int) -> list[ir.Value]:
    """Return the `limit` highest of `kept` [N, there], and their indices."""
    if there < limit:
        kept = op.Pad(kept, [0, 0, 0, limit - there])
    highest, which = op.TopK(kept, [limit], axis=1, _outputs=2)
    return [highest, op.Min(which, there - 1) if there < limit else which]
