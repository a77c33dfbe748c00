"""Greedy NMS by class as nodes of an ONNX graph, by the rules of `ssdlite.postprocess`."""

from typing import NamedTuple

import numpy as np
import onnx

from ssdlite.postprocess import POOL
from ssdlite.presets import Preset
from tools.export.graph import FLOAT, Graph, floats, ints

BOOL = onnx.TensorProto.BOOL
LAST = ints(-1)


class Found(NamedTuple):
    """Values in a graph: `scores` [N, D], best first, 0 where there is none; and of each its place among the `anchors`
    and the `classes`, [N, D] int64."""

    scores: str
    anchors: str
    classes: str


class Candidates(NamedTuple):
    """Values in a graph: `values` [N, A, K], whose order is that of the scores; what `squash` makes scores of them;
    `boxes` [N, A, 4] for NMS; `visible` [N, A] float32, 0 for boxes that are not to be shown, None if all are."""

    values: str
    squash: str
    boxes: str
    visible: str | None


class Nms(NamedTuple):
    """`anchors` and `classes` are counts."""

    preset: Preset
    classes: int
    anchors: int

    def detections(self, graph: Graph, candidates: Candidates) -> Found:
        """The best `max_detections` of every image.

        As in PyTorch NMS looks at the POOL best candidates of each image, and at all of them only if these were not
        enough for some image.
        """
        total = self.classes * self.anchors
        found, last = self._of_best(graph, candidates, min(POOL, total))
        if total <= POOL:
            return found
        fewest = graph.add("Slice", found.scores, LAST, ints(2**31), ints(1))
        full = graph.add("Greater", fewest, np.float32(0))
        exhausted = graph.add("LessOrEqual", last, np.float32(self.preset.score_threshold))
        enough = graph.add("Cast", graph.add("Or", full, exhausted), to=FLOAT)
        quick, whole = graph.branch(), graph.branch()
        return Found(
            *graph.split(
                "If",
                len(found),
                graph.add("Cast", graph.add("ReduceMin", enough, keepdims=0), to=BOOL),
                then_branch=quick.arm([quick.add("Identity", value) for value in found]),
                else_branch=whole.arm(self._of_all(whole, candidates)),
            )
        )

    def _of_best(self, graph: Graph, candidates: Candidates, pool: int) -> tuple[Found, str]:
        """Detections among the `pool` best candidates, and the lowest score [N, 1] of these."""
        highest, anchors, classes = self._best(graph, candidates.values, pool)
        scores = graph.add(candidates.squash, highest)
        # [N, K, pool]: each candidate's score in the row of its class
        images = graph.add("Shape", scores, start=0, end=1)
        empty = graph.add("ConstantOfShape", graph.add("Concat", images, ints(self.classes, pool), axis=0))
        rows = [graph.add("Unsqueeze", value, ints(1)) for value in (classes, scores)]
        table = graph.add("ScatterElements", empty, *rows, axis=1)
        chosen = self._chosen(graph, rows_of(graph, candidates.boxes, anchors), table, pool)
        places = graph.add("Gather", chosen, ints(0, 2), axis=1)
        kept = self._kept(graph, scores, places)
        if candidates.visible is not None:
            kept = graph.add("Mul", kept, graph.add("GatherElements", candidates.visible, anchors, axis=1))
        best, which = self._first(graph, kept, pool)
        found = Found(best, *(graph.add("GatherElements", value, which, axis=1) for value in (anchors, classes)))
        return found, graph.add("Slice", scores, LAST, ints(2**31), ints(1))

    def _best(self, graph: Graph, values: str, pool: int) -> tuple[str, str, str]:
        """The `pool` highest of `values` [N, A, K], best first, with their anchors and classes: [N, pool] each.

        They are among the `pool` anchors whose highest value is highest, which are found first: that takes a third of
        the time of looking at all values of all anchors.
        """
        rows = None
        if pool < self.anchors:
            _, rows = graph.split("TopK", 2, graph.add("ReduceMax", values, ints(2), keepdims=0), ints(pool), axis=1)
            index = graph.add("Unsqueeze", rows, LAST)
            values = graph.add("GatherND", values, index, batch_dims=1)
        flat = graph.add("Reshape", values, ints(0, -1))
        highest, places = graph.split("TopK", 2, flat, ints(pool), axis=1)
        anchors = graph.add("Div", places, np.int64(self.classes))
        classes = graph.add("Sub", places, graph.add("Mul", anchors, np.int64(self.classes)))
        return highest, anchors if rows is None else graph.add("GatherElements", rows, anchors, axis=1), classes

    def _of_all(self, graph: Graph, candidates: Candidates) -> Found:
        """Detections among all candidates."""
        table = graph.add("Transpose", graph.add(candidates.squash, candidates.values), perm=[0, 2, 1])
        chosen = self._chosen(graph, candidates.boxes, table, self.anchors)
        kept = self._kept(graph, table, chosen)
        if candidates.visible is not None:
            kept = graph.add("Mul", kept, graph.add("Unsqueeze", candidates.visible, ints(1)))
        flat = graph.add("Reshape", kept, ints(0, -1))
        best, which = self._first(graph, flat, self.classes * self.anchors)
        return Found(best, *(graph.add(operator, which, np.int64(self.anchors)) for operator in ("Mod", "Div")))

    def _chosen(self, graph: Graph, boxes: str, table: str, count: int) -> str:
        """[M, 3] int64: image, class and place of those of the `count` boxes that stay, by the scores `table`
        [N, K, count]."""
        preset = self.preset
        if preset.class_candidates is not None and preset.class_candidates < count:
            highest, _ = graph.split("TopK", 2, table, ints(preset.class_candidates), axis=2)
            least = graph.add("Slice", highest, LAST, ints(2**31), ints(2))
            table = graph.add("Where", graph.add("Less", table, least), np.float32(0), table)
        most = ints(preset.max_per_class or count)
        return graph.add(
            "NonMaxSuppression", boxes, table, most, floats(preset.nms_iou), floats(preset.score_threshold)
        )

    def _kept(self, graph: Graph, scores: str, places: str) -> str:
        """`scores` at `places` [M, dimensions], elsewhere 0."""
        count = graph.add("Shape", places, start=0, end=1)
        ones = graph.add("ConstantOfShape", count, value=onnx.numpy_helper.from_array(floats(1)))
        nowhere = graph.add("ConstantOfShape", graph.add("Shape", scores))
        return graph.add("Mul", scores, graph.add("ScatterND", nowhere, places, ones))

    def _first(self, graph: Graph, kept: str, there: int) -> list[str]:
        """The highest `max_detections` of `kept` [N, there], and their places."""
        limit = self.preset.max_detections
        if there < limit:
            kept = graph.add("Pad", kept, ints(0, 0, 0, limit - there))
        highest, which = graph.split("TopK", 2, kept, ints(limit), axis=1)
        return [highest, graph.add("Min", which, np.int64(there - 1)) if there < limit else which]


def rows_of(graph: Graph, values: str, index: str) -> str:
    """Rows `index` [N, P] of `values` [N, A, 4] -> [N, P, 4]."""
    index = graph.add("Expand", graph.add("Unsqueeze", index, LAST), ints(1, 1, 4))
    return graph.add("GatherElements", values, index, axis=1)
