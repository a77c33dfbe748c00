"""The anchors in a detector's graph: computed by it, stored as a constant, or given to TensorFlow Lite's operation."""

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from mnv3.ssdlite.model.anchors import AnchorLayout, grid_anchors, map_sizes
from mnv3.ssdlite.model.presets import Preset
from mnv3.tools.errors import UserError
from mnv3.tools.weights.tensorflow.graph import Graph
from mnv3.tools.weights.tensorflow.schema import POSTPROCESS

STORED = "Postprocessor/ExpandDims"
"""Name of the constant of anchors, [1, A, 4] yxyx as shares of the image, where a converter computed it."""

SQUARE_ROOT = re.compile(r"MultipleGridAnchorGenerator/Sqrt(?:_(\d+))?")
"""Names of the nodes that compute the roots of a level's aspect ratios: numbered, but for the first."""

SAME = 1e-5
"""Shares of the image up to which anchors are the same."""

Size = tuple[int, int]


def anchor_rules(
    graph: Graph, preset: Preset, per_cell: Sequence[int], size: Size | None, path: object
) -> dict[str, Any] | None:
    """Return the preset's fields for the anchors of a graph whose images have `size` (H, W): none if they are those of
    `preset`; None if the graph holds no anchors.

    Raises UserError: they disagree with the anchors `per_cell` of the predictors or the feature maps, or are no grid.
    """
    accuracy = SAME
    if layout := _computed(graph):
        if [len(level) for level in layout] != list(per_cell):
            counts = [len(level) for level in layout]
            raise UserError(f"{path}: its graph has {counts} anchors a cell, its predictors have {[*per_cell]}.")
    else:
        boxes, accuracy = _stored(graph)
        if boxes is None:
            return None
        if size is None:
            raise UserError(f"{path}: its graph holds anchors, but not the size of its images; mnv3 cannot place them.")
        layout = _layout(boxes, size, per_cell, accuracy, path)
    shares = (min(size) / size[0], min(size) / size[1]) if size and preset.square_anchors else (1.0, 1.0)
    pairs = zip(layout, preset.anchors, strict=True)
    if all(len(ours) == len(theirs) and _close(theirs, np.multiply(ours, shares), accuracy) for theirs, ours in pairs):
        return {}
    return {"anchors": layout, "square_anchors": False}


def _close(one: Any, other: Any, accuracy: float) -> bool:
    return bool(np.abs(np.subtract(one, other)).max() <= accuracy)


def _computed(graph: Graph) -> AnchorLayout:
    """Return the layout that a graph computes from scales and aspect ratios, level by level; empty if it does not."""
    users, levels = graph.users(), []
    for name in sorted((name for name in graph.nodes if SQUARE_ROOT.fullmatch(name)), key=_number):
        node = graph.nodes[name]
        ratios = graph.constant(node.inputs[0])
        division = next((graph.nodes[user] for user in users.get(name, ()) if graph.nodes[user].op == "RealDiv"), None)
        scales = None if division is None else graph.constant(division.inputs[0])
        if ratios is None or scales is None or ratios.shape != scales.shape or ratios.ndim != 1:
            return ()
        roots = np.sqrt(ratios.astype(np.float64))
        levels.append(tuple(zip((scales / roots).tolist(), (scales * roots).tolist(), strict=True)))
    return tuple(levels)


def _number(name: str) -> int:
    found = SQUARE_ROOT.fullmatch(name)
    return int(found[1] or 0) if found else 0


def _stored(graph: Graph) -> tuple[np.ndarray | None, float]:
    """Return the anchors that a graph holds, [A, 4] yxyx as shares of the image, and their accuracy."""
    boxes = graph.constant(STORED)
    if boxes is not None and boxes.shape[-1:] == (4,):
        step = graph.steps.get(graph.constant_name(STORED), 0.0)
        return boxes.reshape(-1, 4).astype(np.float64), max(SAME, step)
    for node in graph.nodes.values():
        if node.op != POSTPROCESS or len(node.inputs) < 3:
            continue
        anchors = graph.constant(node.inputs[2])
        if anchors is not None and anchors.ndim == 2 and anchors.shape[1] == 4:
            centres, halves = anchors[:, :2].astype(np.float64), anchors[:, 2:].astype(np.float64) / 2
            step = graph.steps.get(graph.constant_name(node.inputs[2]), 0.0)
            return np.concatenate([centres - halves, centres + halves], 1), max(SAME, step)
    return None, SAME


def _layout(boxes: np.ndarray, size: Size, per_cell: Sequence[int], accuracy: float, path: object) -> AnchorLayout:
    """Return the shapes of the anchors of a cell, level by level. Raises UserError unless all cells have the same,
    centred, on as many feature maps as a detector of mnv3 has at `size`."""
    maps = map_sizes(size)
    counts = [rows * columns * count for (rows, columns), count in zip(maps, per_cell, strict=True)]
    if sum(counts) != len(boxes):
        raise UserError(
            f"{path}: its graph holds {len(boxes)} anchors, but its feature maps at {size[0]} x {size[1]} have "
            f"{sum(counts)}; the file was altered, or its feature maps are at other strides than those of SSDLite."
        )
    layout, at = [], 0
    for count, number in zip(counts, per_cell, strict=True):
        level = boxes[at : at + count].reshape(-1, number, 4)
        at += count
        layout.append(tuple(map(tuple, np.median(level[..., 2:] - level[..., :2], 0).tolist())))
    height, width = size
    grid = grid_anchors(tuple(layout), size, False) / torch.tensor((width, height, width, height))
    if np.abs(grid.numpy()[:, [1, 0, 3, 2]] - boxes).max() > 2 * accuracy:
        raise UserError(f"{path}: the anchors in its graph are not the same at every cell; mnv3 has no such detector.")
    return tuple(layout)
