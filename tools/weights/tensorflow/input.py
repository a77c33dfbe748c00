"""What a graph does with an image before its first convolution: resizing and normalisation."""

from typing import NamedTuple

from mnv3.tools.weights.tensorflow.graph import Graph, Node

CHANNELS = 3
SCALARS = {"Mul": "mul", "Sub": "sub", "Add": "add", "AddV2": "add", "RealDiv": "div"}


class Preprocessing(NamedTuple):
    """`size` (H, W) that images are resized to, None if the graph does not fix it. `rule`: "legacy" (TensorFlow 1's
    corner-origin sampling), "half_pixel" or "align_corners", None without resizing. The network gets `scale` * pixel -
    `offset`, of pixels in 0..255; None if the graph does not normalise."""

    size: tuple[int, int] | None = None
    rule: str | None = None
    scale: float | None = None
    offset: float | None = None


def preprocessing(graph: Graph) -> Preprocessing:
    """Return what `graph` does with an image, and its input's own size and quantisation where it does nothing."""
    first = next((name for name, _, kernel in graph.convolutions() if kernel.shape[2] == CHANNELS), None)
    before = [] if first is None else list(graph.before(first))
    size, rule = _resizing(graph, [node for _, node in before])
    scale, offset = _normalisation(graph, [node for _, node in before])
    own = graph.input
    if own.scale is not None and own.offset is not None:
        scale, offset = (own.scale, own.offset) if scale is None else (scale * own.scale, scale * own.offset + offset)
    return Preprocessing(size or own.size, rule, scale, offset)


def _resizing(graph: Graph, before: list[Node]) -> tuple[tuple[int, int] | None, str | None]:
    resize = next((node for node in before if node.op == "ResizeBilinear"), None)
    if resize is None:
        return None, None
    flags = resize.values
    rule = "align_corners" if flags.get("align_corners") else "legacy"
    rule = "half_pixel" if flags.get("half_pixel_centers") else rule
    size = graph.constant(resize.inputs[1])
    if size is None or size.size != 2:
        return None, rule
    height, width = (int(side) for side in size.ravel())
    return (height, width), rule


def _normalisation(graph: Graph, before: list[Node]) -> tuple[float | None, float]:
    """Return scale and offset of the arithmetic with single numbers, nearest to the network first in `before`."""
    scale, shift, found = 1.0, 0.0, False
    for node in reversed(before):
        kind = SCALARS.get(node.op)
        if kind is None or len(node.inputs) != 2:
            continue
        numbers = [graph.constant(name) for name in node.inputs]
        single = [
            float(number.ravel()[0])
            for number in numbers
            if number is not None and number.dtype.kind == "f" and number.size == 1
        ]
        if len(single) != 1:
            continue
        found = True
        (number,) = single
        if kind == "mul":
            scale, shift = scale * number, shift * number
        elif kind == "div":
            scale, shift = scale / number, shift / number
        else:
            shift += number if kind == "add" else -number
    return (scale, -shift) if found else (None, 0.0)
