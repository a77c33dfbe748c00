"""Whose detector a file holds, and which: everything that has to be known to build it.

| source | published figure | of which images |
|--|--|--|
| torchvision's ssdlite320_mobilenet_v3_large, `weights=torchvision` | AP 21.3 | COCO val2017; trained on train2017 |
| the authors' ssd_mobilenet_v3_large_coco_2020_01_14 | AP 22.6 | the 8,000 images of their own "minival" of COCO 2014 |
| the authors' ssd_mobilenet_v3_small_coco_2020_01_14 | AP 15.4 | the same |

The split is a trap: the authors trained on COCO 2014 without their minival, and about four fifths of val2017 are in
that. On val2017 their releases give more than they are worth: a third party's runs of the TFLite files gave AP 25.45
(Large) and 15.99 (Small). Such figures tell whether a port is right, not how good the network is; a sister network of
theirs (MobileDet) has 0.6 less on images that it has not seen than on minival.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from mnv3.backbones.names.recognise import in_our_names, in_slims, in_torchvisions, recognise
from mnv3.ssdlite.data.coco.annotations import COCO_SLOTS
from mnv3.ssdlite.data.coco.names import COCO_NAMES
from mnv3.ssdlite.model.presets import PRESETS
from mnv3.ssdlite.weights.names import torchvision_features
from mnv3.tools.errors import UserError
from mnv3.tools.weights.file import WeightsFile, inside
from mnv3.tools.weights.open import Marks

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
"""Their entries are the box predictor of the finest level, which says how many anchors there are."""

AUTHORS_FIGURES = {"large": 0.226, "small": 0.154}
"""AP of their releases."""

CODES = 4  # numbers that a box is coded by


class Found(NamedTuple):
    """`origin`: a key of MARKS. `options`: all that the file decides, by dotted key of the configuration. `num_slots`:
    of the class predictors, background included."""

    origin: str
    options: dict[str, Any]
    num_slots: int


def describe(file: WeightsFile) -> Found:
    """What the names and shapes in a file say. Raises UserError: it is no detector of the families there are."""
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
        raise UserError(f"{file.path}: the detector in it has another backbone than those that mnv3 knows.")
    anchors = tensors[MARKS.own[origin]].shape[0] // CODES
    preset = next((name for name, rules in PRESETS.items() if len(rules.anchors[0]) == anchors), None)
    if preset is None:
        raise UserError(f"{file.path}: the detector in it has {anchors} anchors a cell, where mnv3 knows 3 and 6.")
    options = {
        "task.name": "ssdlite",
        "task.preset": preset,
        "task.input_size": [320, 320],  # of all that were published; any other can be asked for
        "backbone.output_stride": 32,
        **backbone.options(),
    }
    return Found(origin, options, classes.shape[0] // anchors)


def class_names(found: Found) -> Mapping[int, str]:
    """Class name by slot: COCO's for networks of as many slots, else numbers."""
    if found.num_slots == COCO_SLOTS:
        return COCO_NAMES
    return {slot: f"class {slot}" for slot in range(1, found.num_slots)}


def published(found: Found) -> str:
    """What weights for COCO's classes are known to give, if that is who made them; empty if nothing is."""
    if found.num_slots != COCO_SLOTS:
        return ""
    if found.origin == "torchvision":
        return "torchvision's own weights have AP 0.213 on val2017."
    figure = AUTHORS_FIGURES.get(found.options["backbone.name"]) if found.options["backbone.rf2"] else None
    if found.origin != "authors" or figure is None:
        return ""
    return (
        f"The authors' own weights have AP {figure} on their minival of COCO 2014. They were trained on most of "
        "val2017: a figure on that says whether the port is right, not how good they are."
    )
