"""A detector from a file: from a checkpoint of ours alone, or from anybody's weights into a new run."""

from pathlib import Path
from typing import Any, NamedTuple

from backbones.network import backbone_options
from ssdlite.model import Detector, build_detector
from ssdlite.presets import PRESETS
from tools.checkpoint import read_checkpoint, run_config
from tools.errors import UserError
from tools.loading import check_classes, load_all, load_init

TASK, PREFIX = "ssdlite", "detector."


class Loaded(NamedTuple):
    """A detector with its weights (EMA ones, if trained so), the configuration of its run, class name by slot, and the
    data set's category id by slot."""

    detector: Detector
    config: dict[str, Any]
    classes: dict[int, str]
    ids: dict[int, int]


def detector_from_config(config: dict[str, Any], num_slots: int) -> Detector:
    """The detector that a configuration describes, with random weights."""
    task, backbone = config["task"], config["backbone"]
    if backbone["output_stride"] != 32:
        raise UserError(
            f"backbone.output_stride={backbone['output_stride']}: SSDLite has anchors for stride 32 only; "
            "other strides are for segmentation."
        )
    focal = task["preset"] in PRESETS and PRESETS[task["preset"]].class_loss == "focal"
    return build_detector(
        preset=task["preset"],
        class_prior=config["recipe"].get("class_prior") if focal else None,  # softmax learns its background by itself
        **backbone_options(backbone),
        num_slots=num_slots,
        input_size=tuple(task["input_size"]),
    )


def load_detector(path: Path | str, classes: dict[int, str] | None = None) -> Loaded:
    """Build the detector of a checkpoint of `mnv3 train task=ssdlite`; with `classes`, they must be its own.

    Raises:
        UserError: as `tools.checkpoint.read_checkpoint`; or another task; or other classes than asked for.
    """
    checkpoint = read_checkpoint(path)
    config = run_config(checkpoint, path, TASK)
    own: dict[int, str] = checkpoint["hyper_parameters"]["classes"]
    if classes is not None:
        check_classes(path, own, classes, "in slot", "the data set, and dataset.class_slots,")
    detector = detector_from_config(config, checkpoint["hyper_parameters"]["num_slots"])
    load_all(detector, path, checkpoint, PREFIX)
    # Of checkpoints that do not hold them, the slots: right for class_slots=category_id.
    return Loaded(detector, config, own, checkpoint["hyper_parameters"].get("ids") or {slot: slot for slot in own})


def init_detector(detector: Detector, path: Path) -> list[str]:
    """As `tools.loading.load_init`."""
    return load_init(detector, path, TASK, PREFIX)
