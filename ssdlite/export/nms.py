"""Greedy NMS by class as nodes of an ONNX graph, by the rules of `ssdlite.model.postprocess`."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import onnx

from mnv3.ssdlite.export.boxes import LAST, Boxes, rows_of
from mnv3.ssdlite.model.postprocess import first_pool
from mnv3.ssdlite.model.presets import Preset
from mnv3.tools.export.graph import FLOAT, Graph, floats, ints

BOOL = onnx.TensorProto.BOOL


class Found(NamedTuple):
    """Values in a graph: `scores` [N, D], best first, 0 where there is none; of each its place among the `classes`
    [N, D] int64, and its `boxes` [N, D, 4] within the image, in pixels of the network's input."""

    scores: str
    classes: str
    boxes: str


class Candidates(NamedTuple):
    """Of A anchors and K classes: `values` [N, A, K] in a graph, whose order is that of the scores; what `squash` makes
    scores of them; `boxes(graph, rows)` adds the boxes of the anchors `rows` [N, P], of all without any."""

    values: str
    squash: str
    boxes: Callable[..., Boxes]
    anchors: int
    classes: int


def detections(graph: Graph, candidates: Candidates, preset: Preset) -> Found:
    """The best `max_detections` of every image.

    As in PyTorch NMS looks at the `first_pool` of best candidates of each image, and at all of them only if these were
    not enough for some image.
    """
    pool = first_pool(candidates.anchors, preset)
    if pool >= candidates.anchors * candidates.classes:
        return _of_all(graph, candidates, preset)
    found, last = _of_best(graph, candidates, preset, pool)
    fewest = graph.add("Slice", found.scores, LAST, ints(2**31), ints(1))
    full = graph.add("Greater", fewest, np.float32(0))
    exhausted = graph.add("LessOrEqual", last, np.float32(preset.score_threshold))
    enough = graph.add("Cast", graph.add("Or", full, exhausted), to=FLOAT)
    quick, whole = graph.branch(), graph.branch()
    return Found(
        *graph.split(
            "If",
            len(found),
            graph.add("Cast", graph.add("ReduceMin", enough, keepdims=0), to=BOOL),
            then_branch=quick.arm([quick.add("Identity", value) for value in found]),
            else_branch=whole.arm(_of_all(whole, candidates, preset)),
        )
    )


def _of_best(graph: Graph, candidates: Candidates, preset: Preset, pool: int) -> tuple[Found, str]:
    """Detections among the `pool` best candidates, and the lowest score [N, 1] of these."""
    highest, anchors, classes = _best(graph, candidates, pool)
    scores = graph.add(candidates.squash, highest)
    boxes = candidates.boxes(graph, anchors)
    # [N, K, pool]: each candidate's score in the row of its class
    images = graph.add("Shape", scores, start=0, end=1)
    empty = graph.add("ConstantOfShape", graph.add("Concat", images, ints(candidates.classes, pool), axis=0))
    rows = [graph.add("Unsqueeze", value, ints(1)) for value in (classes, scores)]
    table = graph.add("ScatterElements", empty, *rows, axis=1)
    places = graph.add("Gather", _chosen(graph, boxes.compared, table, preset, pool), ints(0, 2), axis=1)
    kept = _kept(graph, scores, places)
    if boxes.visible is not None:
        kept = graph.add("Mul", kept, boxes.visible)
    best, which = _first(graph, kept, preset.max_detections, pool)
    found = Found(best, graph.add("GatherElements", classes, which, axis=1), rows_of(graph, boxes.clipped, which))
    return found, graph.add("Slice", scores, LAST, ints(2**31), ints(1))


def _best(graph: Graph, candidates: Candidates, pool: int) -> tuple[str, str, str]:
    """The `pool` highest values, best first, with their anchors and classes: [N, pool] each.

    They are among the `pool` anchors whose highest value is highest, which are found first: that takes a third of the
    time of looking at all values of all anchors.
    """
    values, rows = candidates.values, None
    if pool < candidates.anchors:
        _, rows = graph.split("TopK", 2, graph.add("ReduceMax", values, ints(2), keepdims=0), ints(pool), axis=1)
        values = rows_of(graph, values, rows)
    highest, places = graph.split("TopK", 2, graph.add("Reshape", values, ints(0, -1)), ints(pool), axis=1)
    anchors, classes = (graph.add(operator, places, np.int64(candidates.classes)) for operator in ("Div", "Mod"))
    return highest, anchors if rows is None else graph.add("GatherElements", rows, anchors, axis=1), classes


def _of_all(graph: Graph, candidates: Candidates, preset: Preset) -> Found:
    """Detections among all candidates."""
    boxes = candidates.boxes(graph)
    table = graph.add("Transpose", graph.add(candidates.squash, candidates.values), perm=[0, 2, 1])
    kept = _kept(graph, table, _chosen(graph, boxes.compared, table, preset, candidates.anchors))
    if boxes.visible is not None:
        kept = graph.add("Mul", kept, graph.add("Unsqueeze", boxes.visible, ints(1)))
    total = candidates.classes * candidates.anchors
    best, which = _first(graph, graph.add("Reshape", kept, ints(0, -1)), preset.max_detections, total)
    classes, anchors = (graph.add(operator, which, np.int64(candidates.anchors)) for operator in ("Div", "Mod"))
    return Found(best, classes, rows_of(graph, boxes.clipped, anchors))


def _chosen(graph: Graph, boxes: str, table: str, preset: Preset, count: int) -> str:
    """[M, 3] int64: image, class and place of those of the `count` boxes that stay, by the scores `table`
    [N, K, count]."""
    if preset.class_candidates is not None and preset.class_candidates < count:
        highest, _ = graph.split("TopK", 2, table, ints(preset.class_candidates), axis=2)
        least = graph.add("Slice", highest, LAST, ints(2**31), ints(2))
        table = graph.add("Where", graph.add("Less", table, least), np.float32(0), table)
    most = ints(preset.max_per_class or count)
    return graph.add("NonMaxSuppression", boxes, table, most, floats(preset.nms_iou), floats(preset.score_threshold))


def _kept(graph: Graph, scores: str, places: str) -> str:
    """`scores` at `places` [M, dimensions], elsewhere 0."""
    count = graph.add("Shape", places, start=0, end=1)
    ones = graph.add("ConstantOfShape", count, value=onnx.numpy_helper.from_array(floats(1)))
    nowhere = graph.add("ConstantOfShape", graph.add("Shape", scores))
    return graph.add("Mul", scores, graph.add("ScatterND", nowhere, places, ones))


def _first(graph: Graph, kept: str, limit: int, there: int) -> list[str]:
    """The `limit` highest of `kept` [N, there], and their places."""
    if there < limit:
        kept = graph.add("Pad", kept, ints(0, 0, 0, limit - there))
    highest, which = graph.split("TopK", 2, kept, ints(limit), axis=1)
    return [highest, graph.add("Min", which, np.int64(there - 1)) if there < limit else which]
