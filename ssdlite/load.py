"""A detector from a file: from a checkpoint of ours alone, or from anybody's weights into a new run."""

from pathlib import Path
from typing import Any, NamedTuple

from ssdlite.model import Detector, build_detector
from ssdlite.presets import PRESETS
from tools.checkpoint import load_fitting, read_checkpoint, run_config
from tools.errors import UserError


class Loaded(NamedTuple):
    """A detector with its weights (EMA ones, if trained so), the configuration of its run, class name by slot."""

    detector: Detector
    config: dict[str, Any]
    classes: dict[int, str]


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
        backbone=backbone["name"],
        rf2=backbone["rf2"],
        width=backbone["width"],
        padding=backbone["padding"],
        num_slots=num_slots,
        input_size=tuple(task["input_size"]),
    )


def load_detector(path: Path | str, classes: dict[int, str] | None = None) -> Loaded:
    """Build the detector of a checkpoint of `mnv3 train task=ssdlite`; with `classes`, they must be its own.

    Raises:
        UserError: as `tools.checkpoint.read_checkpoint`; or another task; or other classes than asked for.
    """
    checkpoint = read_checkpoint(path)
    config = run_config(checkpoint, path, "ssdlite")
    own: dict[int, str] = checkpoint["hyper_parameters"]["classes"]
    if classes is not None and len(classes) != len(own):
        raise UserError(
            f"{path}: was trained on {len(own)} classes ({_some(own)}), the data set has {len(classes)} "
            f"({_some(classes)}). Score it on its own data set, or train on this one: mnv3 train init={path}"
        )
    if classes is not None and classes != own:
        slot = next(slot for slot in own if classes.get(slot) != own[slot])
        raise UserError(
            f"{path}: was trained with class {own[slot]!r} in slot {slot}, where the data set has "
            f"{classes.get(slot)!r}. Use the data set, and dataset.class_slots, that it was trained with."
        )
    detector = detector_from_config(config, checkpoint["hyper_parameters"]["num_slots"])
    state = _detector_state(checkpoint["state_dict"])
    left = load_fitting(detector, state)
    if left:
        raise UserError(f"{path}: its weights do not fit its configuration ({left[0]}); the file was altered.")
    return Loaded(detector, config, own)


def init_detector(detector: Detector, path: Path) -> list[str]:
    """Begin with the weights of `path`, a checkpoint of any classes or a bare state dict of ours; what does not fit
    keeps its random values. Returns a line on each tensor that was not loaded.

    Raises:
        UserError: as `tools.checkpoint.read_checkpoint`; another task; or nothing fits at all.
    """
    content = read_checkpoint(path)
    if "hyper_parameters" in content:
        run_config(content, path, "ssdlite")
    state = _detector_state(content.get("state_dict", content))
    left = load_fitting(detector, state)
    if not any(name in state and state[name].shape == own.shape for name, own in detector.state_dict().items()):
        raise UserError(
            f"{path}: none of its weights fits this detector; those of a backbone go into backbone.weights."
        )
    return left


def _some(classes: dict[int, str]) -> str:
    names = list(classes.values())
    return ", ".join(names[:5]) + (", ..." if len(names) > 5 else "")


def _detector_state(state: dict[str, Any]) -> dict[str, Any]:
    """Weights of the detector inside the Lightning module's."""
    return {name.removeprefix("detector."): value for name, value in state.items()}
