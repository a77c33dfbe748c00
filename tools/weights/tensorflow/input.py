"""What a graph does with an image before its first convolution: resizing and normalisation."""

from typing import NamedTuple

import numpy as np

from mnv3.tools.errors import UserError
from mnv3.tools.weights.tensorflow.graph import Graph, Node

CHANNELS = 3
SAME = 1e-6
"""Difference up to which the numbers of the channels are the same."""

SCALARS = {"Mul": "mul", "Sub": "sub", "Add": "add", "AddV2": "add", "RealDiv": "div"}


class Preprocessing(NamedTuple):
    """`size` (H, W) that images are resized to, None if the graph does not fix it. `rule`: "legacy" (TensorFlow 1's
    corner-origin sampling), "half_pixel" or "align_corners", None without resizing. The network gets `scale` * pixel -
    `offset`, of pixels in 0..255; None if the graph does not normalise."""

    size: tuple[int, int] | None = None
    rule: str | None = None
    scale: float | None = None
    offset: float | None = None


def preprocessing(graph: Graph, path: object) -> Preprocessing:
    """Return what `graph` does with an image, and its input's own size and quantisation where it does nothing.
    Raises UserError: arithmetic that mnv3 does not do."""
    first = next((name for name, _, kernel in graph.convolutions() if kernel.shape[2] == CHANNELS), None)
    before = [] if first is None else list(graph.before(first))
    size, rule = _resizing(graph, [node for _, node in before], path)
    scale, offset = _normalisation(graph, [node for _, node in before], path)
    own = graph.input
    if own.scale is not None and own.offset is not None:
        scale, offset = (own.scale, own.offset) if scale is None else (scale * own.scale, scale * own.offset + offset)
    return Preprocessing(size or own.size, rule, scale, offset)


def _resizing(graph: Graph, before: list[Node], path: object) -> tuple[tuple[int, int] | None, str | None]:
    resize = next((node for node in before if node.op.startswith("Resize")), None)
    if resize is None:
        return None, None
    if resize.op != "ResizeBilinear":
        raise UserError(f"{path}: its graph resizes images by {resize.op!r:.40}, mnv3 by bilinear interpolation alone.")
    flags = resize.values
    rule = "align_corners" if flags.get("align_corners") else "legacy"
    rule = "half_pixel" if flags.get("half_pixel_centers") else rule
    size = graph.constant(resize.inputs[1])
    if size is None or size.size != 2:
        return None, rule
    height, width = (int(side) for side in size.ravel())
    return (height, width), rule


def _normalisation(graph: Graph, before: list[Node], path: object) -> tuple[float | None, float]:
    """Return scale and offset of the arithmetic with constants, nearest to the network first in `before`.
    Raises UserError: it is another for each channel, or divides by or subtracts the pixels."""
    scale, shift, found = np.ones(1), np.zeros(1), False
    for node in reversed(before):
        kind = SCALARS.get(node.op)
        if kind is None or len(node.inputs) != 2:
            continue
        numbers = [_numbers(graph, name) for name in node.inputs]
        number = next((value for value in numbers if value is not None), None)
        if number is None or all(value is not None for value in numbers):
            continue
        if numbers[0] is not None and kind in ("sub", "div"):
            raise UserError(
                f"{path}: its graph divides by the pixels or subtracts them, which mnv3's networks do not do."
            )
        found = True
        if kind == "mul":
            scale, shift = scale * number, shift * number
        elif kind == "div":
            scale, shift = scale / number, shift / number
        else:
            shift = shift + (number if kind == "add" else -number)
    if np.ptp(scale) > SAME * np.abs(scale).max() or np.ptp(shift) > SAME:
        raise UserError(f"{path}: its graph normalises each channel by other numbers, which mnv3 does not read.")
    return (float(scale[0]), -float(shift[0])) if found else (None, 0.0)


def _numbers(graph: Graph, name: str) -> np.ndarray | None:
    """Return a constant of one number or one per channel; None if it is none."""
    value = graph.constant(name)
    if value is None or value.dtype.kind != "f" or value.size not in (1, CHANNELS):
        return None
    return value.ravel().astype(np.float64)
