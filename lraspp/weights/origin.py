"""Whose segmenter a weights file holds (MARKS), and all that is needed to build it.

Published scores of such weights, and on which images: `tools.paper.released`. The heads of the authors' other releases,
an ASPP of several rates or a decoder (Xception, ResNet, EdgeTPU), are not the paper's; mnv3 does not build them.
"""

from collections.abc import Mapping, Sequence
from math import prod
from typing import Any, NamedTuple

from mnv3.backbones.names.architecture import in_our_names, in_slims, in_torchvisions, recognise
from mnv3.backbones.names.foreign import refuse_foreign
from mnv3.backbones.tables import FAMILIES
from mnv3.lraspp.data.classes import CITYSCAPES, VOC
from mnv3.lraspp.data.frames import SegClass
from mnv3.lraspp.model.pooling import Windows
from mnv3.lraspp.model.presets import PRESETS
from mnv3.lraspp.model.segmenter import Segmenter
from mnv3.lraspp.weights.graph import facts
from mnv3.lraspp.weights.names import torchvision_features
from mnv3.tools.drawing.paint import class_colour
from mnv3.tools.errors import UserError
from mnv3.tools.paper.released import find_release
from mnv3.tools.weights.formats import WeightsFile, inside
from mnv3.tools.weights.opener import Marks
from mnv3.tools.weights.tensorflow.graph import Graph
from mnv3.tools.weights.tensorflow.operations import check_limits

MARKS = Marks(
    own={"ours": "head.features.conv.weight", "torchvision": "classifier.cbr.0.weight", "authors": "aspp0/weights"},
    what="(Lite) R-ASPP segmenter in the names of mnv3, torchvision or TensorFlow's DeepLab",
    others=("head.boxes.", "head.regression_head.", "BoxPredictor_0/"),
    mistaken="a detector, not a segmenter: add task=ssdlite.",
)
"""The entries in `own` belong to the convolution of the head's main branch, whose channels are task.filters."""


USUAL_STRIDE = 16
"""Output stride of other weights: no shape depends on it."""

BACKBONE = "Mobilenet"  # begins the names of its kernels


class Found(NamedTuple):
    """`origin`: a key of MARKS. `options`: configuration from the file, by dotted key. `windows`: a graph's pooling.
    `rules`: fields of the preset that have other values in the file. `remarks`: sentences on what was assumed.
    `labels`: class names in the file, if any."""

    origin: str
    options: dict[str, Any]
    num_classes: int
    windows: Windows | None = None
    rules: Mapping[str, Any] = {}
    remarks: Sequence[str] = ()
    labels: Sequence[str] = ()


def describe(file: WeightsFile) -> Found:
    """Describe the segmenter in a file by names and shapes. Raises UserError if mnv3 does not know it."""
    refuse_foreign(file.tensors, file.path)
    return {"ours": _ours, "torchvision": _torchvisions, "authors": _authors}[MARKS.origin(file)](file)


def _ours(file: WeightsFile) -> Found:
    tensors = file.tensors
    lite = "head.pooled.conv.weight" not in tensors
    preset = "torchvision" if lite and "head.gate.weight" in tensors and "head.gate.bias" not in tensors else "paper"
    options = {
        "task.preset": preset,
        "task.head": "lraspp" if lite else "raspp",
        "task.gate": "none" if lite and "head.gate.weight" not in tensors else None,
        "task.skip": not lite or "head.skip.weight" in tensors,
        "backbone.output_stride": USUAL_STRIDE,
    }
    lookup = in_our_names(inside(tensors, "backbone."))
    return _found(file, "ours", options, lookup, tensors["head.classes.weight"].shape[0])


def _torchvisions(file: WeightsFile) -> Found:
    options = {"task.preset": "torchvision", "task.head": "lraspp", "backbone.output_stride": USUAL_STRIDE}
    lookup = in_torchvisions(torchvision_features(file.tensors))
    return _found(file, "torchvision", options, lookup, file.tensors["classifier.low_classifier.weight"].shape[0])


def _authors(file: WeightsFile) -> Found:
    tensors = file.tensors
    lite, full = "decoder/decoder_conv0/weights" in tensors, "logits/semantic/weights" in tensors
    several = "aspp1_depthwise/depthwise_weights" in tensors or "aspp1/weights" in tensors
    if (
        several
        or "image_pooling/weights" not in tensors
        or not (lite or (full and "concat_projection/weights" in tensors))
    ):
        has = "an ASPP of several rates" if several else "other layers after its backbone"
        raise UserError(
            f"{file.path} is a DeepLab whose head is neither R-ASPP nor Lite R-ASPP: it has {has}, which mnv3 does not "
            "build."
        )
    options = {"task.preset": "paper", "task.head": "lraspp" if lite else "raspp"}
    hard = lite and (file.graph is None or "image_pooling/mul/y" in tensors)  # the released ones have a hard sigmoid
    options |= {"task.gate": "hard_sigmoid" if hard else None, "task.pool": None if lite else "global"}
    classes = tensors["decoder/decoder_conv0/weights" if lite else "logits/semantic/weights"].shape[-1]
    found = _found(file, "authors", options, in_slims(tensors, ""), classes)
    release = find_release("mIoU", found.origin, found.options)
    published = release.stride if release else USUAL_STRIDE
    found.options["backbone.output_stride"] = _stride(file.graph) if file.graph else published
    if file.graph is None:
        return found._replace(remarks=["a checkpoint holds weights alone: all rules of task.preset=paper are assumed"])
    if FAMILIES[found.options["backbone.name"]].relu6_only:
        check_limits(file.graph, BACKBONE, file.path)
    windows, said = _windows(file.graph), facts(file.graph, PRESETS["paper"], file.path)
    if windows and said.input_size and _cover(windows, said.input_size, found.options["backbone.output_stride"]):
        windows, found.options["task.pool"] = None, "global"
    elif windows:
        found.options["task.pool"] = None
    found.options["task.input_size"] = [*said.input_size] if said.input_size else None
    return found._replace(windows=windows, rules=said.rules, remarks=said.remarks, labels=file.graph.labels)


def _found(file: WeightsFile, origin: str, options: Mapping[str, Any], lookup: Any, classes: int) -> Found:
    """Add the backbone and the options common to all origins."""
    halves = PRESETS[options["task.preset"]].rf2_expansion == "halve"
    backbone = recognise(lookup, lambda name: "halve" if halves and FAMILIES[name].halves_expansion else "keep")
    if backbone is None:
        raise UserError(f"{file.path}: mnv3 does not know the backbone of the segmenter in it.")
    filters = file.tensors[MARKS.own[origin]].shape[-1 if origin == "authors" else 0]
    rest = {"task.name": "lraspp", "task.filters": int(filters), "task.input_size": None}
    rest |= {"task.gate": None, "task.pool": None, "task.skip": True}
    rest |= backbone.options()
    return Found(origin, {**rest, **options}, int(classes))


def _stride(graph: Graph) -> int:
    """Return the output stride of a graph's backbone, the product of its convolutions'."""
    return prod(
        node.lists.get("strides", (1, 1))[1]
        for _, node, _ in graph.convolutions()
        if graph.constant_name(node.inputs[1]).startswith(BACKBONE)
    )


def _windows(graph: Graph) -> Windows | None:
    """Return the windows of a graph's pooling before the gate, if any."""
    for node in graph.nodes.values():
        if "ksize" in node.lists and "strides" in node.lists and max(node.lists["ksize"]) > 1:
            (_, height, width, _), (_, down, right, _) = node.lists["ksize"], node.lists["strides"]
            return Windows((height, width), (down, right), whole=False)
    return None


def _cover(windows: Windows, size: tuple[int, int], stride: int) -> bool:
    """Whether a window is as large as the feature map of an input of `size` (H, W)."""
    return all(side >= -(-pixels // stride) for side, pixels in zip(windows.size, size, strict=True))


def set_windows(segmenter: Segmenter, windows: Windows | None) -> None:
    """Pool by the `windows` of a graph, if it has them."""
    if windows is not None:
        segmenter.head.windows = windows


def class_entries(found: Found) -> tuple[SegClass, ...]:
    """Return classes by index: those the file names; for another project's weights Cityscapes' if 19, VOC's if 21; else
    numbers."""
    if len(found.labels) == found.num_classes:
        return tuple(SegClass(name, class_colour(i), None, i) for i, name in enumerate(found.labels))
    known = {} if found.origin == "ours" else {len(CITYSCAPES): CITYSCAPES, len(VOC): VOC}
    numbered = tuple(SegClass(f"class {i}", class_colour(i), None, i) for i in range(found.num_classes))
    return known.get(found.num_classes, numbered)


def published(found: Found) -> str:
    """Return a sentence on the published score of the authors' weights for Cityscapes, else nothing."""
    release = find_release("mIoU", found.origin, found.options)
    if found.origin != "authors" or found.num_classes != len(CITYSCAPES) or release is None:
        return ""
    return (
        f"The authors' own weights have mIoU {release.figures[0].value} on val at 1025x2049, output stride "
        f"{release.stride} and one scale."
    )
