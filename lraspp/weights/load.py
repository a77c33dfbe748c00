"""Load a segmenter from a checkpoint of `mnv3 train` or another project's weights."""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from mnv3.backbones.initial import no_initial_weights
from mnv3.backbones.names.torchvision_cache import cached
from mnv3.backbones.names.unfold import unfolded
from mnv3.backbones.network import backbone_options
from mnv3.lraspp.data.frames import FrameData, SegClass
from mnv3.lraspp.model.segmenter import Segmenter, build_segmenter
from mnv3.lraspp.weights.names import from_tensorflow, from_torchvision
from mnv3.lraspp.weights.origin import MARKS, Found, class_entries, describe, published, set_windows
from mnv3.tools.errors import UserError, of_file
from mnv3.tools.weights.checkpoint import hyper_parameters, read_checkpoint, run_config
from mnv3.tools.weights.classes import Classes, names_or_none
from mnv3.tools.weights.load import Begun, check_classes, load_all
from mnv3.tools.weights.opener import Opener

TASK, PREFIX = "lraspp", "segmenter."
MOST_CLASSES = 256
"""A label map has one byte per pixel."""


class Loaded(NamedTuple):
    """A segmenter with its weights (EMA's, if trained with it), its run's configuration, class names by index, and the
    classes in that order. `note`: published scores on Cityscapes of another project's weights."""

    segmenter: Segmenter
    config: dict[str, Any]
    classes: dict[int, str]
    entries: tuple[SegClass, ...]
    note: str = ""


def class_table(data: FrameData) -> dict[int, str]:
    """Return class names by class index."""
    return {index: entry.name for index, entry in enumerate(data.classes)}


def segmenter_from_config(config: dict[str, Any], num_classes: int, **rules: Any) -> Segmenter:
    """Build the segmenter of a configuration, with random weights; `rules` override fields of its preset.
    Raises UserError as `build_segmenter`."""
    task, backbone = config["task"], config["backbone"]
    return build_segmenter(
        preset=task["preset"],
        head=task["head"],
        filters=task["filters"],
        gate=task["gate"],
        skip=task.get("skip", True),
        pool=task["pool"],
        **backbone_options(backbone),
        output_stride=backbone["output_stride"],
        num_classes=num_classes,
        **rules,
    )


_uninitialised = no_initial_weights()(segmenter_from_config)


def load_segmenter(path: Path | str, classes: dict[int, str] | None = None) -> Loaded:
    """Build the segmenter of a checkpoint of `mnv3 train task=lraspp`; `classes`, if given, must equal its own.

    Raises UserError as `tools.weights.checkpoint.read_checkpoint`, or for another task, other classes, bad metadata.
    """
    return _of_checkpoint(path, read_checkpoint(path), classes)


def _of_checkpoint(path: Path | str, checkpoint: Mapping[str, Any], classes: dict[int, str] | None = None) -> Loaded:
    config = run_config(checkpoint, path, TASK, ("backbone",))
    entries = _entries(path, checkpoint)
    own = {index: entry.name for index, entry in enumerate(entries)}
    if classes is not None:
        check_classes(path, own, classes, "at index", "the data set")
    with of_file(path):
        segmenter = _uninitialised(config, len(own))
        load_all(segmenter, path, checkpoint, PREFIX)
    return Loaded(segmenter, config, own, entries)


def _entries(path: Path | str, checkpoint: Mapping[str, Any]) -> tuple[SegClass, ...]:
    """Return the classes listed in a checkpoint: name, colour, category and id of each."""
    listed: Any = hyper_parameters(checkpoint).get("classes")
    try:
        entries = tuple(SegClass(name, (*colour,), category, number) for name, colour, category, number in listed)
    except (TypeError, ValueError):
        entries = ()
    if not 0 < len(entries) <= MOST_CLASSES or not all(map(_is_class, entries)):
        raise UserError(f"{path}: its classes are not a list of names, colours and numbers; the file was altered.")
    return entries


def _is_class(entry: SegClass) -> bool:
    red_green_blue = len(entry.colour) == 3 and all(type(part) is int and 0 <= part <= 255 for part in entry.colour)
    named = type(entry.name) is str and type(entry.category) in (str, type(None))
    return named and red_green_blue and type(entry.id) is int


def _of_file(segmenter: Segmenter, config: dict[str, Any], found: Found, asked: Mapping[str, Any]) -> Loaded:
    if asked.get("task.pool") is None:
        set_windows(segmenter, found.windows)
    entries = class_entries(found)
    classes = {index: entry.name for index, entry in enumerate(entries)}
    return Loaded(segmenter, config, classes, entries, published(found))


def _classes(entries: Sequence[SegClass]) -> Classes:
    return Classes(len(entries), names_or_none({index: entry.name for index, entry in enumerate(entries)}))


OPENER = Opener(
    task=TASK,
    prefix=PREFIX,
    marks=MARKS,
    loose=(
        "task.gate",
        "task.pool",
        "backbone.output_stride",
        "backbone.padding",
        "backbone.hswish",
        "backbone.weights",
    ),
    torchvision=partial(
        cached, "LRASPP_MobileNet_V3_Large_Weights.COCO_WITH_VOC_LABELS_V1", "torchvision's LR-ASPP weights"
    ),
    of_checkpoint=_of_checkpoint,
    describe=describe,
    build=lambda config, found: _uninitialised(config, found.num_classes, **found.rules),
    unfold=unfolded,
    from_tensorflow=from_tensorflow,
    from_torchvision=from_torchvision,
    loaded=_of_file,
    predictors=r"head\.(classes|skip)\.",
    classes_of_checkpoint=lambda path, checkpoint: _classes(_entries(path, checkpoint)),
    classes_of_file=lambda found: _classes(class_entries(found)),
)
load_weights = OPENER.load
"""For any weights file: see `lraspp.weights.origin` for the supported projects and their published scores."""


def init_segmenter(segmenter: Segmenter, source: str | Path, classes: Mapping[int, str]) -> Begun:
    """Begin a run on `classes`, names by index, with any weights file: see `tools.weights.opener.Opener.begin`."""
    return OPENER.begin(segmenter, source, Classes(segmenter.num_classes, classes))
