"""ONNX models of a segmenter: whole, from image bytes to label maps, or the network with its logits."""

import numpy as np
import onnx
import torch
from onnxscript import OpBuilder, ir

from mnv3.backbones.convolution import Convolution
from mnv3.backbones.inference.fold import fold_norms
from mnv3.lraspp.model.heads import LiteHead
from mnv3.lraspp.model.segmenter import Segmenter
from mnv3.tools.export.graph import FLOAT, UINT8, attach, begin, finish, resize
from mnv3.tools.export.network import network_graph

Size = tuple[int, int]

EXAMPLE = (97, 129)
"""Input size of the export if the size is to vary."""


def plain_network(segmenter: Segmenter) -> Segmenter:
    """Return a copy for exporters: norms folded, nothing packed, default memory layout."""
    plain = fold_norms(segmenter, pack=False)
    plain.channels_last = False
    return plain


def export_network(segmenter: Segmenter, size: Size | None) -> onnx.GraphProto:
    """input [N, 3, *size] float32, 0..255 -> logits [N, num_classes, h, w], as from the segmenter.

    Without `size` it may vary, unless the head has windows, which depend on it.
    """
    plain = plain_network(segmenter)
    if size is not None:
        return network_graph(plain, torch.zeros(2, 3, *size), ("input",), ("logits",), {0: "batch"})
    assert can_vary(segmenter), "windows depend on the size"
    padded = _left_to_onnx(plain)
    varying = {0: "batch", 2: "height", 3: "width"}
    graph = network_graph(plain, torch.zeros(2, 3, *EXAMPLE), ("input",), ("logits",), varying)
    for node in graph.node:
        if node.op_type == "Conv" and node.input[1] in padded:
            kept = [attribute for attribute in node.attribute if attribute.name not in ("pads", "auto_pad")]
            del node.attribute[:]
            node.attribute.extend([*kept, onnx.helper.make_attribute("auto_pad", "SAME_UPPER")])
    return graph


def can_vary(segmenter: Segmenter) -> bool:
    """Whether the network can be exported for inputs of any size."""
    head = segmenter.head
    return head.windows is None or (isinstance(head, LiteHead) and head.gate is None)


def _left_to_onnx(network: Segmenter) -> set[str]:
    """Remove SAME padding, which depends on the size, and return its kernels' names, for ONNX's own SAME."""
    names = set()
    for name, layer in network.named_modules():
        if isinstance(layer, Convolution) and layer.same:
            layer.same = False
            names.add(f"{name}.weight")
    return names


def raw_model(segmenter: Segmenter, network: onnx.GraphProto, size: Size | None) -> onnx.ModelProto:
    """Build the model of the network."""
    op, value = begin("input", np.float32, ("batch", 3, *(size or ("height", "width"))))
    (logits,) = attach(op, network, value)
    return finish(op, {"logits": (logits, np.float32, ("batch", segmenter.num_classes, "rows", "columns"))})


def whole_model(segmenter: Segmenter, network: onnx.GraphProto, size: Size | None) -> onnx.ModelProto:
    """images [N, H, W, 3] uint8 RGB of any size -> labels [N, H, W] uint8, class indices.

    Images are resized to `size` (unless None) for the network, as in `mnv3 eval`; logits are resized to the size of the
    images with classes last in memory, which is twice as fast in ONNX Runtime.
    """
    op, images = begin("images", np.uint8, ("batch", "height", "width", 3))
    (logits,) = attach(op, network, _resized(op, images, size))
    shape = op.Shape(images, start=0, end=3)
    wanted = op.Concat(shape, [segmenter.num_classes], axis=0)
    last = op.Transpose(logits, perm=[0, 2, 3, 1])
    mode = "align_corners" if segmenter.preset.align_corners else "half_pixel"
    full = op.Resize(last, None, None, wanted, mode="linear", coordinate_transformation_mode=mode)
    labels = op.Cast(op.ArgMax(full, axis=3, keepdims=0), to=UINT8)
    return finish(op, {"labels": (labels, np.uint8, ("batch", "height", "width"))})


def _resized(op: OpBuilder, images: ir.Value, size: Size | None) -> ir.Value:
    """Resize the images: [N, 3, *size] float32, rounded to integers 0..255."""
    planes = op.Cast(op.Transpose(images, perm=[0, 3, 1, 2]), to=FLOAT)
    if size is None:
        return planes
    resized = resize(
        op,
        planes,
        size,
        antialias=1,
        exclude_outside=1,  # as in PyTorch
        mode="linear",
        coordinate_transformation_mode="half_pixel",
    )
    return op.Round(resized)
