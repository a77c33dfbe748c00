"""Whose detector a weights file holds (MARKS), and all that is needed to build it.

Published scores of such weights, and on which images: `tools.paper.released`.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from mnv3.backbones.names.architecture import in_our_names, in_slims, in_torchvisions, recognise
from mnv3.backbones.names.foreign import refuse_foreign
from mnv3.backbones.tables import FAMILIES
from mnv3.ssdlite.data.coco.annotations import COCO_SLOTS
from mnv3.ssdlite.data.coco.names import COCO_NAMES
from mnv3.ssdlite.model.presets import PRESETS
from mnv3.ssdlite.weights.graph import Facts, facts
from mnv3.ssdlite.weights.names import torchvision_features
from mnv3.tools.errors import UserError
from mnv3.tools.paper.released import find_release
from mnv3.tools.weights.formats import WeightsFile, inside
from mnv3.tools.weights.opener import Marks
from mnv3.tools.weights.tensorflow.operations import check_limits

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
LEVELS = 6  # feature maps with predictors
AUTHORS_PRESETS = {"v2": "zoo2018"}
"""Of the authors' detectors by family; "paper" of others."""

USUAL_SIZES = {"zoo2018": (300, 300)}
"""Input size of the published networks whose files do not hold it, by preset; (320, 320) of others."""


class Found(NamedTuple):
    """`origin`: a key of MARKS. `options`: configuration from the file, by dotted key. `num_slots`: with background.
    `rules`: fields of the preset that have other values in the file. `remarks`: sentences on what was assumed.
    `labels`: class names in the file, if any."""

    origin: str
    options: dict[str, Any]
    num_slots: int
    rules: Mapping[str, Any] = {}
    remarks: Sequence[str] = ()
    labels: Sequence[str] = ()


def describe(file: WeightsFile) -> Found:
    """Describe the detector in a file by names and shapes. Raises UserError if mnv3 does not know it."""
    tensors = file.tensors
    refuse_foreign(tensors, file.path)
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
    per_cell = [tensors[name].shape[0] // CODES for name in _box_predictors(file, origin)]
    slots = classes.shape[0] // per_cell[0]
    preset, said = _rules(file, origin, backbone.name, per_cell, slots)
    size = said.input_size if said else None
    options = {
        "task.name": "ssdlite",
        "task.preset": preset,
        "task.input_size": [*(size or USUAL_SIZES.get(preset, (320, 320)))],
        "backbone.output_stride": 32,
        **backbone.options(),
    }
    remarks = _remarks(origin, size, said, preset)
    rules, labels = (said.rules, file.graph.labels) if said and file.graph else ({}, ())
    return Found(origin, options, slots, rules, remarks, labels)


def _rules(file: WeightsFile, origin: str, family: str, per_cell: list[int], slots: int) -> tuple[str, Facts | None]:
    """Return the preset of a detector, and what its graph says beside it, None without a graph.
    Raises UserError: anchors that neither a preset nor the graph has."""
    presets = [AUTHORS_PRESETS.get(family, "paper")] if origin == "authors" else [*PRESETS]
    fitting = [name for name in presets if [*map(len, PRESETS[name].anchors)] == per_cell]
    if file.graph and FAMILIES[family].relu6_only:
        check_limits(file.graph, "FeatureExtractor/Mobilenet", file.path)
    said = facts(file.graph, PRESETS[presets[0]], per_cell, slots, file.path) if file.graph else None
    if fitting or (said and "anchors" not in said.assumed):
        return (fitting or presets)[0], said
    known = " or ".join(dict.fromkeys(str([*map(len, rules.anchors)]) for rules in PRESETS.values()))
    raise UserError(
        f"{file.path}: the detector in it has {per_cell} anchors a cell, which its file does not describe; mnv3 knows "
        f"{known}."
    )


def _box_predictors(file: WeightsFile, origin: str) -> list[str]:
    """Return an entry of the box predictor of each level. Raises UserError: not those of SSDLite."""
    first = MARKS.own[origin]
    names = [first.replace("0", str(level), 1) for level in range(LEVELS)]
    if any(name not in file.tensors for name in names) or first.replace("0", str(LEVELS), 1) in file.tensors:
        raise UserError(f"{file.path}: the detector in it does not predict boxes on {LEVELS} feature maps, as SSDLite.")
    return names


def _remarks(origin: str, size: tuple[int, int] | None, said: Facts | None, preset: str) -> list[str]:
    """Return sentences on what a file of TensorFlow does not hold, and was assumed."""
    if origin != "authors":
        return []
    height, width = USUAL_SIZES.get(preset, (320, 320))
    size_key = f"task.input_size=[{height},{width}]"
    if said is None:
        return [f"a checkpoint holds weights alone: {size_key} and all rules of task.preset={preset} are assumed"]
    open_size = [] if size else [f"it does not hold the size of its images: {size_key} is assumed"]
    assumed = [f"it does not hold {', '.join(said.assumed)}: as in task.preset={preset}"] if said.assumed else []
    return [*open_size, *assumed, *said.remarks]


def class_names(found: Found) -> Mapping[int, str]:
    """Return class names by slot: the file's, COCO's for networks with as many slots, else numbers."""
    if len(found.labels) in (found.num_slots - 1, found.num_slots):
        return dict(enumerate(found.labels[-(found.num_slots - 1) :], 1))
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
