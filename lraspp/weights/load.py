"""A segmenter from a file: from a checkpoint of ours alone, or from anybody's weights into a new run."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from mnv3.backbones.initial import no_initial_weights
from mnv3.backbones.network import backbone_options
from mnv3.lraspp.data.frames import FrameData, SegClass
from mnv3.lraspp.model.segmenter import Segmenter, build_segmenter
from mnv3.lraspp.weights.recognise import MARKS, class_entries, describe, published, set_windows, translate
from mnv3.tools.errors import UserError, of_file
from mnv3.tools.weights.checkpoint import hyper_parameters, read_checkpoint, run_config
from mnv3.tools.weights.file import open_weights
from mnv3.tools.weights.load import check_classes, flat, load_all, load_found, load_init, network_state, settle

TASK, PREFIX = "lraspp", "segmenter."
NAMED = ("torchvision", "torchvision-coco")
"""Names of weights that need no file: torchvision's, trained on COCO 2017 with VOC's classes."""

LOOSE = ("task.gate", "task.pool", "backbone.output_stride", "backbone.padding", "backbone.hswish", "backbone.weights")
"""What a file of weights does not hold, or does not bind."""


MOST_CLASSES = 256
"""A label map has a byte a pixel."""


class Loaded(NamedTuple):
    """A segmenter with its weights (EMA ones, if trained so), the configuration of its run, class name by index, and
    the classes in that order. `note`: of weights from elsewhere, what they are known to give on Cityscapes."""

    segmenter: Segmenter
    config: dict[str, Any]
    classes: dict[int, str]
    entries: tuple[SegClass, ...]
    note: str = ""


def class_table(data: FrameData) -> dict[int, str]:
    """Class name by class index."""
    return {index: entry.name for index, entry in enumerate(data.classes)}


def segmenter_from_config(config: dict[str, Any], num_classes: int) -> Segmenter:
    """The segmenter that a configuration describes, with random weights. Raises UserError."""
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
    )


def load_segmenter(path: Path | str, classes: dict[int, str] | None = None) -> Loaded:
    """Build the segmenter of a checkpoint of `mnv3 train task=lraspp`; with `classes`, they must be its own.

    Raises:
        UserError: as `tools.weights.checkpoint.read_checkpoint`; another task or other classes than asked for; or
            what it says of itself cannot be.
    """
    return _of_checkpoint(path, read_checkpoint(path), classes)


def _of_checkpoint(path: Path | str, checkpoint: Mapping[str, Any], classes: dict[int, str] | None = None) -> Loaded:
    config = run_config(checkpoint, path, TASK, ("backbone",))
    entries = _entries(hyper_parameters(checkpoint).get("classes"), path)
    own = {index: entry.name for index, entry in enumerate(entries)}
    if classes is not None:
        check_classes(path, own, classes, "at index", "the data set")
    with of_file(path):
        with no_initial_weights():
            segmenter = segmenter_from_config(config, len(own))
        load_all(segmenter, path, checkpoint, PREFIX)
    return Loaded(segmenter, config, own, entries)


def _entries(listed: Any, path: Path | str) -> tuple[SegClass, ...]:
    """The classes as a checkpoint lists them: name, colour, category and number of each."""
    try:
        entries = tuple(SegClass(name, (*colour,), category, number) for name, colour, category, number in listed)
    except (TypeError, ValueError):
        entries = ()
    if not 0 < len(entries) <= MOST_CLASSES or not all(map(_is_class, entries)):
        raise UserError(f"{path}: its classes are no list of names with colours and numbers; the file was altered.")
    return entries


def _is_class(entry: SegClass) -> bool:
    red_green_blue = len(entry.colour) == 3 and all(type(part) is int and 0 <= part <= 255 for part in entry.colour)
    named = type(entry.name) is str and type(entry.category) in (str, type(None))
    return named and red_green_blue and type(entry.id) is int


def load_weights(
    source: str, config: Mapping[str, Any] | None = None, asked: Mapping[str, Any] | None = None
) -> Loaded:
    """A segmenter from anybody's weights: see `lraspp.weights.recognise` for whose, and what they are worth.

    `source`: a file, the common part of a TensorFlow checkpoint's names, a folder with either, or a name of NAMED.
    `config`: of the call, whose sections task and backbone become those of the file; None for these two alone.
    `asked`: what of them the user typed, by dotted key. Logs a line on what was not loaded.

    Raises:
        UserError: as `tools.weights.file.open_weights`; no such weights in torchvision's cache; no segmenter; another
            one than was asked for; not all of it.
    """
    file, asked = open_weights(_path(source)), asked or {}
    if file.kind == "ours":
        loaded = _of_checkpoint(file.path, file.checkpoint)
        settle(None, flat(loaded.config, asked), asked, (), source)
        return loaded
    with of_file(source):
        found = describe(file)
    settled = settle(config, found.options, asked, LOOSE, source)
    with no_initial_weights():
        segmenter = segmenter_from_config(settled, found.num_classes)
    with of_file(source):
        load_found(segmenter, source, *translate(file, found.origin, segmenter))
    if asked.get("task.pool") is None:
        set_windows(segmenter, found.windows)
    entries = class_entries(found)
    classes = {index: entry.name for index, entry in enumerate(entries)}
    return Loaded(segmenter, settled, classes, entries, published(found))


def init_segmenter(segmenter: Segmenter, source: str | Path) -> list[str]:
    """Begin with what fits of the weights of `source` (as in `load_weights`), of a checkpoint of any classes; return a
    line on each tensor that was not loaded.

    Raises:
        UserError: as `load_weights`; or nothing fits.
    """
    file = open_weights(_path(str(source)))
    if file.kind == "ours":
        run_config(file.checkpoint, file.path, TASK)
        return load_init(segmenter, source, network_state(file.tensors, PREFIX))
    if not any(mark in file.tensors for mark in MARKS.values()):
        return load_init(segmenter, source, file.tensors)  # a part of one of ours
    with of_file(source):
        found = describe(file)
    if found.options["backbone.name"] != segmenter.backbone.family:
        raise UserError(f"{source} is backbone={found.options['backbone.name']}, not {segmenter.backbone.family}.")
    with of_file(source):
        state, left = translate(file, found.origin, segmenter)
    return [*load_init(segmenter, source, state), *left]


def _path(source: str) -> Path:
    if source not in NAMED:
        return Path(source)
    from torchvision.models.segmentation import LRASPP_MobileNet_V3_Large_Weights

    from mnv3.backbones.names.torchvision_cache import cached

    weights = LRASPP_MobileNet_V3_Large_Weights.COCO_WITH_VOC_LABELS_V1
    return cached(weights, "torchvision's LR-ASPP weights")
