"""What a segmenter's graph says of its images and its resizing, beside a preset."""

from math import isclose
from typing import Any, NamedTuple

from mnv3.backbones.names.unfold import check_epsilons
from mnv3.lraspp.model.presets import Preset
from mnv3.tools.weights.tensorflow.graph import Graph
from mnv3.tools.weights.tensorflow.input import CHANNELS, preprocessing
from mnv3.tools.weights.tensorflow.operations import check_operations, epsilons

WHITE = 255


class Facts(NamedTuple):
    """`input_size` (H, W), None if the graph takes images of any size. `rules`: fields of the preset that have other
    values in the graph. `remarks`: sentences on what was assumed."""

    input_size: tuple[int, int] | None
    rules: dict[str, Any]
    remarks: list[str]


def facts(graph: Graph, preset: Preset, path: object) -> Facts:
    """Return what `graph` says. Raises UserError: it has operations or batch norms of other networks."""
    check_operations(graph, path)
    check_epsilons(epsilons(graph), path)
    images, remarks = preprocessing(graph, path), []
    rules: dict[str, Any] = {}
    if images.scale is None or images.offset is None:
        remarks.append("it does not hold the range of pixels: -1..1 is assumed")
    elif not _same(images.scale, images.offset, preset):
        deviation = 1 / (WHITE * images.scale)
        rules = {"pixel_mean": (images.offset * deviation,) * CHANNELS, "pixel_std": (deviation,) * CHANNELS}
    corners = {bool(node.values.get("align_corners")) for node in graph.nodes.values() if node.op == "ResizeBilinear"}
    if corners == {not preset.align_corners}:
        rules["align_corners"] = not preset.align_corners
    return Facts(images.size, rules, remarks)


def _same(scale: float, offset: float, preset: Preset) -> bool:
    """Whether pixels get the same numbers, scale * pixel - offset, in all channels as by `preset`."""
    pairs = zip(preset.pixel_mean, preset.pixel_std, strict=True)
    return all(
        isclose(scale, 1 / (WHITE * std), rel_tol=1e-6) and isclose(offset, mean / std, abs_tol=1e-6)
        for mean, std in pairs
    )
