"""Whose detector a weights file holds (MARKS), and all that is needed to build it.

Published scores of such weights, and on which images: `tools.paper.released`.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from mnv3.backbones.names.architecture import in_our_names, in_slims, in_torchvisions, recognise
from mnv3.ssdlite.data.coco.annotations import COCO_SLOTS
from mnv3.ssdlite.data.coco.names import COCO_NAMES
from mnv3.ssdlite.model.presets import PRESETS
from mnv3.ssdlite.weights.names import torchvision_features
from mnv3.tools.errors import UserError
from mnv3.tools.paper.released import find_release
from mnv3.tools.weights.formats import WeightsFile, inside
from mnv3.tools.weights.opener import Marks

MARKS = Marks(
    own={
        "ours": "head.boxes.0.predict.weight",
        "torchvision": "head.regression_head.module_list.0.1.weight",
        "authors": "BoxPredictor_0/BoxEncodingPredictor/biases",
    },
    what="SSDLite detector in the names of mnv3, torchvision or TensorFlow's detection API",
    others=("head.features.", "classifier.cbr.", "classifier.low_classifier.", "aspp0/", "logits/semantic/"),
    mistaken="a segmenter, not a detector: add task=lraspp.",
)
"""The entries in `own` belong to the box predictor of the finest level, whose shape gives the number of anchors."""

CODES = 4  # numbers that encode a box


class Found(NamedTuple):
    """`origin`: a key of MARKS. `options`: configuration from the file, by dotted key. `num_slots`: with background."""

    origin: str
    options: dict[str, Any]
    num_slots: int


def describe(file: WeightsFile) -> Found:
    """Describe the detector in a file by names and shapes. Raises UserError if mnv3 does not know it."""
    tensors = file.tensors
    origin = MARKS.origin(file)
    if origin == "authors":
        lookup, classes = in_slims(tensors, "FeatureExtractor/"), tensors["BoxPredictor_0/ClassPredictor/biases"]
    elif origin == "torchvision":
        lookup = in_torchvisions(torchvision_features(tensors))
        classes = tensors["head.classification_head.module_list.0.1.weight"]
    else:
        lookup, classes = in_our_names(inside(tensors, "backbone.")), tensors["head.classes.0.predict.weight"]
    backbone = recognise(lookup)
    if backbone is None:
        raise UserError(f"{file.path}: mnv3 does not know the backbone of the detector in it.")
    anchors = tensors[MARKS.own[origin]].shape[0] // CODES
    preset = next((name for name, rules in PRESETS.items() if len(rules.anchors[0]) == anchors), None)
    if preset is None:
        raise UserError(f"{file.path}: the detector in it has {anchors} anchors per cell; mnv3 knows 3 and 6.")
    options = {
        "task.name": "ssdlite",
        "task.preset": preset,
        "task.input_size": [320, 320],  # of all published ones; it can be overridden
        "backbone.output_stride": 32,
        **backbone.options(),
    }
    return Found(origin, options, classes.shape[0] // anchors)


def class_names(found: Found) -> Mapping[int, str]:
    """Return class names by slot: COCO's for networks with as many slots, else numbers."""
    if found.num_slots == COCO_SLOTS:
        return COCO_NAMES
    return {slot: f"class {slot}" for slot in range(1, found.num_slots)}


def published(found: Found) -> str:
    """Return a sentence on the published score of torchvision's or the authors' weights for COCO, else nothing."""
    release = find_release("mAP", found.origin, found.options)
    if found.num_slots != COCO_SLOTS or release is None:
        return ""
    figure = release.figures[0].value
    if found.origin == "torchvision":
        return f"torchvision's own weights have AP {figure} on val2017."
    return (
        f"The authors' own weights have AP {figure} on their minival of COCO 2014. They were trained on most of "
        "val2017: a score on it checks the port, not their quality."
    )
