"""What a detector's graph says of its images, scores and NMS, beside a preset."""

from collections.abc import Sequence
from math import isclose
from typing import Any, NamedTuple

import numpy as np

from mnv3.backbones.names.unfold import check_epsilons
from mnv3.ssdlite.model.presets import Preset
from mnv3.ssdlite.weights.graph_anchors import anchor_rules
from mnv3.ssdlite.weights.graph_decoding import check_decoding
from mnv3.tools.errors import UserError
from mnv3.tools.weights.tensorflow.graph import Graph, Node
from mnv3.tools.weights.tensorflow.input import Preprocessing, preprocessing
from mnv3.tools.weights.tensorflow.operations import check_operations, epsilons
from mnv3.tools.weights.tensorflow.schema import POSTPROCESS

CALLED = "non_max_suppression_padded/PartitionedCall"
"""End of the name of TensorFlow's NMS where it is a function; its inputs are those of NonMaxSuppressionV5."""


class Facts(NamedTuple):
    """`input_size` (H, W), None if the graph leaves it open. `rules`: fields of the preset that have other values in
    the graph. `assumed`: what it does not hold, taken from the preset. `remarks`: sentences on what mnv3 does
    differently."""

    input_size: tuple[int, int] | None
    rules: dict[str, Any]
    assumed: list[str]
    remarks: list[str]


def facts(graph: Graph, preset: Preset, per_cell: Sequence[int], slots: int, path: object) -> Facts:
    """Return what `graph` says; `per_cell`: anchors of a cell on each level, and `slots`, by the predictors.

    Raises UserError: operations of other networks; anchors that do not fit the feature maps or are no regular grid;
    resizing, dilation or decoding that mnv3 does not do.
    """
    check_operations(graph, path)
    check_epsilons(epsilons(graph), path)
    check_decoding(graph, slots, path)
    if dilated := [name for name, node, _ in graph.convolutions() if max(node.lists.get("dilations", (1,))) > 1]:
        raise UserError(f"{path}: its convolution {dilated[0]!r:.80} is dilated, which mnv3's detectors have none of.")
    images = preprocessing(graph, path)
    found = Facts(images.size, {}, [], [])
    parts = (
        _normalisation(images, preset),
        _resizing(images, path),
        anchor_rules(graph, preset, per_cell, images.size, path),
        _suppression(graph),
        _scores(graph),
    )
    names = (
        "the range of pixels",
        f"how images are resized ({preset.resize_rule})",
        "anchors",
        f"NMS (IoU {preset.nms_iou}, at most {preset.max_detections} boxes)",
        "the function of scores",
    )
    for name, part in zip(names, parts, strict=True):
        if part is None:
            found.assumed.append(name)
        else:
            found.rules.update({key: value for key, value in part.items() if value != getattr(preset, key)})
    if any(node.op == POSTPROCESS and not node.values.get("use_regular_nms") for node in graph.nodes.values()):
        found.remarks.append("its own NMS lets each box keep one class, mnv3's suppresses the boxes of a class")
    return found


def _normalisation(images: Preprocessing, preset: Preset) -> dict[str, Any] | None:
    if images.scale is None or images.offset is None:
        return None
    same_scale = isclose(images.scale, preset.pixel_scale, rel_tol=1e-6)
    if same_scale and isclose(images.offset, preset.pixel_offset, abs_tol=1e-6):
        return {}
    return {"pixel_scale": images.scale, "pixel_offset": images.offset}


def _resizing(images: Preprocessing, path: object) -> dict[str, Any] | None:
    if images.rule == "align_corners":
        raise UserError(f"{path}: its graph resizes images with aligned corners, which mnv3's detectors do not do.")
    return None if images.rule is None else {"resize_rule": images.rule}


def _suppression(graph: Graph) -> dict[str, Any] | None:
    """Return the thresholds of a graph's NMS."""
    for name, node in graph.nodes.items():
        if node.op == POSTPROCESS:
            return _of_postprocess(node)
        if node.op.startswith("NonMaxSuppression") or (node.op == "PartitionedCall" and name.endswith(CALLED)):
            most, iou, score = (_number(graph, source) for source in (*node.inputs, "", "")[2:5])
            found = {"max_per_class": most and int(most), "nms_iou": iou, "score_threshold": score}
            return {key: value for key, value in found.items() if value is not None}
    return None


def _of_postprocess(node: Node) -> dict[str, Any]:
    """Return the thresholds of TensorFlow Lite's detection operation."""
    keys = {"nms_iou": "nms_iou_threshold", "score_threshold": "nms_score_threshold"}
    given = {ours: node.values[theirs] for ours, theirs in keys.items() if theirs in node.values}
    found: dict[str, Any] = {key: float(str(np.float32(value))) for key, value in given.items()}
    if node.values.get("use_regular_nms") and (most := node.values.get("detections_per_class")):
        found["max_per_class"] = int(most)
    if most := node.values.get("max_detections"):
        found["max_detections"] = int(most)
    return found


def _number(graph: Graph, name: str) -> float | None:
    """Return a single number, in the decimals that float32 has."""
    value = graph.constant(name)
    return None if value is None or value.size != 1 else float(str(value.ravel()[0]))


def _scores(graph: Graph) -> dict[str, Any] | None:
    """Return the preset's fields for the function that turns logits into scores; None if the graph ends before it."""
    ops = {node.op for node in graph.nodes.values()}
    if "Softmax" in ops:
        return {"class_loss": "hard_negatives"}
    return {} if "Sigmoid" in ops else None
