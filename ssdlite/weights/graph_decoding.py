"""How a detector's graph turns its predictions into boxes and scores, where it must be as in mnv3."""

import re
from collections.abc import Iterator, Mapping
from math import isclose

from mnv3.ssdlite.model.boxes import CODE_SCALE
from mnv3.tools.errors import UserError
from mnv3.tools.weights.tensorflow.graph import Graph
from mnv3.tools.weights.tensorflow.schema import POSTPROCESS

DIVISION = re.compile(r"(?:.*/)?Decode/div(?:_([123]))?")
"""Nodes that divide codes, in the order ty, tx, th, tw."""

LOGIT_SCALE = "scale_logits"  # end of the name of the node that divides logits, which is seldom there
SCORES, SLICE = "Postprocessor/convert_scores", "Postprocessor/Slice"
"""Names of the function of scores, and of what removes the background."""

FACTORS = {"x_scale": CODE_SCALE[0], "y_scale": CODE_SCALE[1], "w_scale": CODE_SCALE[2], "h_scale": CODE_SCALE[3]}
"""Of TensorFlow Lite's operation, on codes."""


def check_decoding(graph: Graph, slots: int, path: object) -> None:
    """Raise UserError if `graph` has other factors on codes than mnv3, or no background among its `slots` classes."""
    for what, factor, ours in _factors(graph):
        if not isclose(factor, ours, rel_tol=1e-4):
            raise UserError(
                f"{path}: its graph has the factor {factor:g} on {what}, where mnv3's detectors have {ours:g}."
            )
    operation = next((node for node in graph.nodes.values() if node.op == POSTPROCESS), None)
    classes = operation.values.get("num_classes") if operation else None
    sliced = SCORES not in graph.nodes or any(name.startswith(SLICE) for name in graph.nodes)
    if (classes is not None and classes != slots - 1) or (operation is None and not sliced):
        raise UserError(f"{path}: its graph has no background among its {slots} classes, mnv3's detectors have one.")


def _factors(graph: Graph) -> Iterator[tuple[str, float, float]]:
    """Yield what a factor is on, the factor in `graph`, and that of mnv3."""
    for name, node in graph.nodes.items():
        if node.op == POSTPROCESS:
            yield from _of_operation(node.values)
        elif node.op in ("Mul", "RealDiv") and len(node.inputs) == 2:
            value = graph.constant(node.inputs[1])
            if value is None or value.size != 1 or not value.any():
                continue
            factor = float(value.ravel()[0]) if node.op == "RealDiv" else 1 / float(value.ravel()[0])
            if found := DIVISION.fullmatch(name):
                yield "the codes of boxes", factor, CODE_SCALE[int(found[1] or 0)]
            elif name.endswith(LOGIT_SCALE):
                yield "logits", factor, 1.0


def _of_operation(values: Mapping[str, float]) -> Iterator[tuple[str, float, float]]:
    for key, ours in FACTORS.items():
        if key in values:
            yield f"the codes of boxes ({key})", values[key], ours
