"""The presets of a detector's rules."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from math import log
from typing import Any, Literal

from mnv3.ssdlite.model.anchors import AnchorLayout, paper_layout, torchvision_layout
from mnv3.ssdlite.model.resize import Rule
from mnv3.tools.errors import UserError


@dataclass(frozen=True)
class Preset:
    """All rules of an SSDLite detector apart from its backbone."""

    resize_rule: Rule
    pixel_scale: float  # the network gets pixel_scale * pixel - pixel_offset, of pixels in 0..255
    pixel_offset: float
    padding: Literal["same", "symmetric"]  # of strided convolutions, backbone and extras
    anchors: AnchorLayout
    square_anchors: bool  # anchor sides are fractions of the shorter image side (True) or of their own side (False)
    truncated_init: bool  # backbone and extras: truncated normal (True) or normal; standard deviation 0.03 everywhere
    class_prior: float | None  # initial probability of every class at every anchor; None starts the biases at 0
    match_iou: float  # overlap from which an anchor learns a box
    first_claim_wins: bool  # see matching.match_anchors
    class_loss: Literal["focal", "hard_negatives", "sigmoid_hard_negatives"]  # see losses
    focal_alpha: float  # weight of positives in the focal loss; negatives get 1 - alpha
    box_loss_scale: float
    max_stretch: float  # cap of a decoded log-stretch
    score_threshold: float  # detections score more than this
    nms_iou: float  # overlap above which the lower-scored of two boxes of a class is removed
    clip_first: bool  # clip boxes to the image before NMS (True), or after it, dropping empty ones (False)
    class_candidates: int | None  # most boxes of a class before NMS
    max_per_class: int | None  # most boxes of a class after NMS
    max_detections: int  # per image

    @property
    def sigmoid(self) -> bool:
        """Whether a class's score is the sigmoid of its logit; otherwise scores are softmaxes over all slots."""
        return self.class_loss != "hard_negatives"


COCO_MOST = 100
"""Detections of an image and class that COCO's AP counts."""

PRESETS = {
    # The authors' TensorFlow code with ssdlite_mobilenet_v3_{large,small}_320x320_coco.config.
    "paper": Preset(
        resize_rule="legacy",
        pixel_scale=2 / 255,
        pixel_offset=1,
        padding="same",
        anchors=paper_layout(),
        square_anchors=True,
        truncated_init=True,
        # The config sets biases of -4.6 (a prior of 0.01), which that code ignores for depthwise predictors.
        class_prior=None,
        match_iou=0.5,
        first_claim_wins=True,
        class_loss="focal",
        focal_alpha=0.75,
        box_loss_scale=1 / 4,  # normalize_loc_loss_by_codesize
        max_stretch=80.0,  # only guards against overflow
        score_threshold=1e-8,
        nms_iou=0.6,
        clip_first=False,
        class_candidates=None,
        max_per_class=100,
        max_detections=100,
    ),
    # torchvision.models.detection.ssdlite320_mobilenet_v3_large.
    "torchvision": Preset(
        resize_rule="half_pixel",
        pixel_scale=2 / 255,
        pixel_offset=1,
        padding="symmetric",
        anchors=torchvision_layout(),
        square_anchors=False,
        truncated_init=False,
        class_prior=None,
        match_iou=0.5,
        first_claim_wins=False,
        class_loss="hard_negatives",
        focal_alpha=0.75,
        box_loss_scale=1.0,
        max_stretch=log(1000 / 16),
        score_threshold=0.001,
        nms_iou=0.55,
        clip_first=True,
        class_candidates=300,
        max_per_class=None,
        max_detections=300,
    ),
}

# The authors' ssdlite_mobilenet_v2_coco.config, of ssdlite_mobilenet_v2_coco_2018_05_09 in their model zoo (300 x 300).
# Different here: batch norm's decay stays 0.97 (theirs, 0.9997, averages over 3,300 steps: more than a short training
# has), and the predictors' first weights are not truncated.
PRESETS["zoo2018"] = replace(PRESETS["paper"], class_loss="sigmoid_hard_negatives", box_loss_scale=1.0)


def most_detections(config: Mapping[str, Any]) -> int:
    """Return how many detections of an image and class a configuration scores."""
    return (config.get("eval") or {}).get("max_detections") or COCO_MOST


def allowing(preset: Preset, most: int) -> Preset:
    """Return `preset` with limits of at least `most` detections an image, and as many of one class."""

    def raised(limit: int | None) -> int | None:
        return None if limit is None else max(limit, most)

    return replace(
        preset,
        max_detections=max(preset.max_detections, most),
        max_per_class=raised(preset.max_per_class),
        class_candidates=raised(preset.class_candidates),
    )


def get_preset(name: str, **overrides: Any) -> Preset:
    """Return preset `name` with fields overridden. Raises UserError for unknown names and an invalid prior."""
    problems = []
    if name not in PRESETS:
        problems.append(f"task.preset: {name!r} is unknown; there are {', '.join(PRESETS)}")
    known = [field.name for field in fields(Preset)]
    problems += [
        f"preset field {key!r} is unknown; there are {', '.join(known)}" for key in overrides if key not in known
    ]
    if problems:
        raise UserError(*problems)
    preset = replace(PRESETS[name], **overrides)
    if preset.class_prior is not None:
        if not preset.sigmoid:
            problems.append(f"class_prior is for sigmoid scores; preset {name!r} has softmax scores: leave it null")
        if not 0 < preset.class_prior < 1:
            problems.append(f"class_prior must lie between 0 and 1, not {preset.class_prior}")
    if problems:
        raise UserError(*problems)
    return preset
