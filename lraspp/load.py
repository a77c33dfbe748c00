"""A segmenter from a file: from a checkpoint of ours alone, or from anybody's weights into a new run."""

from pathlib import Path
from typing import Any, NamedTuple

from backbones.network import backbone_options
from lraspp.data.frames import FrameData, SegClass
from lraspp.model import Segmenter, build_segmenter
from tools.checkpoint import read_checkpoint, run_config
from tools.loading import check_classes, load_all, load_init

TASK, PREFIX = "lraspp", "segmenter."


class Loaded(NamedTuple):
    """A segmenter with its weights (EMA ones, if trained so), the configuration of its run, class name by index, and
    the classes in that order."""

    segmenter: Segmenter
    config: dict[str, Any]
    classes: dict[int, str]
    entries: tuple[SegClass, ...]


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
        UserError: as `tools.checkpoint.read_checkpoint`; or another task; or other classes than asked for.
    """
    checkpoint = read_checkpoint(path)
    config = run_config(checkpoint, path, TASK)
    listed = checkpoint["hyper_parameters"]["classes"]
    entries = tuple(SegClass(name, (*colour,), category, number) for name, colour, category, number in listed)
    own = {index: entry.name for index, entry in enumerate(entries)}
    if classes is not None:
        check_classes(path, own, classes, "at index", "the data set")
    segmenter = segmenter_from_config(config, len(own))
    load_all(segmenter, path, checkpoint, PREFIX)
    return Loaded(segmenter, config, own, entries)


def init_segmenter(segmenter: Segmenter, path: Path) -> list[str]:
    """As `tools.loading.load_init`."""
    return load_init(segmenter, path, TASK, PREFIX)
