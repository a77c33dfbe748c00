"""Load a detector from a checkpoint of `mnv3 train` or another project's weights."""

import logging
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, TypeGuard

from mnv3.backbones.initial import no_initial_weights
from mnv3.backbones.names.torchvision_cache import cached
from mnv3.backbones.names.unfold import unfolded
from mnv3.backbones.network import backbone_options
from mnv3.ssdlite.data.coco.names import COCO_NAMES
from mnv3.ssdlite.model.detector import Detector, build_detector
from mnv3.ssdlite.model.presets import COCO_MOST, PRESETS, allowing, most_detections
from mnv3.ssdlite.weights.names import from_tensorflow, from_torchvision
from mnv3.ssdlite.weights.origin import MARKS, Found, class_names, describe, published
from mnv3.tools.errors import UserError, of_file
from mnv3.tools.predict.operating_point import OperatingPoint, read_point
from mnv3.tools.weights.checkpoint import hyper_parameters, read_checkpoint, run_config
from mnv3.tools.weights.classes import Classes, names_or_none
from mnv3.tools.weights.load import Begun, check_classes, load_all
from mnv3.tools.weights.opener import Opener

log = logging.getLogger("mnv3")

CLASS_MISMATCH_WORDS = ("in slot", "the data set, and dataset.class_slots,")
"""For `tools.weights.load.check_classes`: the place of a class, and what must be the same for it to agree."""

TASK, PREFIX = "ssdlite", "detector."
MOST_SLOTS = 100_000
"""Limit on the classes of a detector, background included."""


class Loaded(NamedTuple):
    """A detector with its weights (EMA's, if trained with it), its run's configuration, and class names and category
    ids by slot. `note`: published scores on COCO of another project's weights. `point`: the best thresholds on its
    run's validation set, if stored."""

    detector: Detector
    config: dict[str, Any]
    classes: dict[int, str]
    ids: dict[int, int]
    note: str = ""
    point: OperatingPoint | None = None


def detector_from_config(config: dict[str, Any], num_slots: int, **rules: Any) -> Detector:
    """Build the detector of a configuration, with random weights; `rules` override fields of its preset."""
    task, backbone = config["task"], config["backbone"]
    if backbone["output_stride"] != 32:
        raise UserError(
            f"backbone.output_stride={backbone['output_stride']}: SSDLite has anchors for stride 32 only; "
            "other strides are for segmentation."
        )
    sigmoid = task["preset"] in PRESETS and PRESETS[task["preset"]].sigmoid
    detector = build_detector(
        preset=task["preset"],
        class_prior=config["recipe"].get("class_prior") if sigmoid else None,  # softmax needs no prior
        **backbone_options(backbone),
        num_slots=num_slots,
        input_size=tuple(task["input_size"]),
        **rules,
    )
    allow_detections(detector, config)
    return detector


def allow_detections(detector: Detector, config: Mapping[str, Any]) -> None:
    """Raise the limits of `detector` to as many detections as `config` scores, if those are more than COCO's."""
    if (most := most_detections(config)) > COCO_MOST:
        detector.preset = allowing(detector.preset, most)


_uninitialised = no_initial_weights()(detector_from_config)


def load_detector(path: Path | str, classes: dict[int, str] | None = None) -> Loaded:
    """Build the detector of a checkpoint of `mnv3 train task=ssdlite`; `classes`, if given, must equal its own.

    Raises UserError as `tools.weights.checkpoint.read_checkpoint`, or for another task, other classes, bad metadata.
    """
    return _of_checkpoint(path, read_checkpoint(path), classes)


def _of_checkpoint(path: Path | str, checkpoint: Mapping[str, Any], classes: dict[int, str] | None = None) -> Loaded:
    config = run_config(checkpoint, path, TASK, ("backbone",))
    slots, own, ids = _slots(path, checkpoint)
    if classes is not None:
        check_classes(path, own, classes, *CLASS_MISMATCH_WORDS)
    with of_file(path):
        detector = _uninitialised(config, slots)
        load_all(detector, path, checkpoint, PREFIX)
    point = read_point(hyper_parameters(checkpoint).get("operating_point"), path)
    return Loaded(detector, config, own, ids or _ids(config, own), point=point)


def _slots(path: Path | str, checkpoint: Mapping[str, Any]) -> tuple[int, dict[int, str], dict[int, int] | None]:
    """Return the number of class slots of a checkpoint, background included, and names and category ids by slot."""
    about = hyper_parameters(checkpoint)
    slots, own, ids = about.get("num_slots"), about.get("classes"), about.get("ids")
    if not _is_table(own, str) or not (ids is None or _is_table(ids, int)):
        raise UserError(f"{path}: its classes are not names by slot; the file was altered.")
    if type(slots) is not int or not all(0 < slot < slots <= MOST_SLOTS for slot in own):
        raise UserError(f"{path}: its classes do not fit its {slots!r:.40} class slots; the file was altered.")
    return slots, own, ids


def use_input_size(detector: Detector, size: tuple[int, int]) -> None:
    """Lay `detector` out for inputs of `size` (H, W); log a line if its weights are for another."""
    if size != detector.input_size:
        log.info("Images are resized to %d x %d, as asked; the weights are for %d x %d.", *size, *detector.input_size)
        detector.set_input_size(size)


def _is_table(table: Any, kind: type) -> TypeGuard[dict[int, Any]]:
    """Whether `table` maps integers to values of `kind`."""
    return isinstance(table, dict) and all(type(key) is int and type(value) is kind for key, value in table.items())


def _ids(config: Mapping[str, Any], classes: Mapping[int, str]) -> dict[int, int]:
    """Return category ids by slot for an early checkpoint without them: COCO's by name, else the slots."""
    dataset = config.get("dataset", {}).get("name")
    numbers = {name: number for number, name in COCO_NAMES.items()} if dataset in ("coco", "streets") else {}
    return {slot: numbers.get(name, slot) for slot, name in classes.items()}


def _of_file(detector: Detector, config: dict[str, Any], found: Found, asked: Mapping[str, Any]) -> Loaded:
    classes = dict(class_names(found))
    return Loaded(detector, config, classes, {slot: slot for slot in classes}, published(found))


def _checkpoint_classes(path: Path | str, checkpoint: Mapping[str, Any]) -> Classes:
    slots, names, _ = _slots(path, checkpoint)
    return _classes(slots, names, run_config(checkpoint, path, TASK)["task"].get("preset"))


def _file_classes(found: Found) -> Classes:
    classes = _classes(found.num_slots, names_or_none(class_names(found)), found.options["task.preset"])
    return classes._replace(background=found.rules.get("class_loss", classes.background))


def _classes(slots: int, names: Mapping[int, str] | None, preset: Any) -> Classes:
    """Return classes by slot; the background's scores are learnt by the preset's loss."""
    known = isinstance(preset, str) and preset in PRESETS
    return Classes(slots, names, PRESETS[preset].class_loss if known else None)


OPENER = Opener(
    task=TASK,
    prefix=PREFIX,
    marks=MARKS,
    loose=("backbone.padding", "backbone.hswish", "backbone.weights"),
    torchvision=partial(cached, "SSDLite320_MobileNet_V3_Large_Weights.COCO_V1", "torchvision's SSDLite weights"),
    of_checkpoint=_of_checkpoint,
    describe=describe,
    build=lambda config, found: _uninitialised(config, found.num_slots, **found.rules),
    unfold=unfolded,
    from_tensorflow=from_tensorflow,
    from_torchvision=from_torchvision,
    loaded=_of_file,
    predictors=r"head\.classes\.\d+\.predict\.",
    classes_of_checkpoint=_checkpoint_classes,
    classes_of_file=_file_classes,
)
load_weights = OPENER.load
"""For any weights file: see `ssdlite.weights.origin` for the supported projects and their published scores."""


def init_detector(detector: Detector, source: str | Path, classes: Mapping[int, str]) -> Begun:
    """Begin a run on `classes`, names by slot, with any weights file: see `tools.weights.opener.Opener.begin`."""
    return OPENER.begin(detector, source, Classes(detector.num_slots, classes, detector.preset.class_loss))
