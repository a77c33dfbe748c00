"""The two presets of a segmenter's rules."""

from dataclasses import dataclass
from typing import Literal

from mnv3.backbones.names.torchvision import IMAGENET_MEAN, IMAGENET_STD
from mnv3.tools.errors import UserError

Gate = Literal["sigmoid", "hard_sigmoid", "none"]
Pooling = Literal["window", "global"]
HALVES = (0.5, 0.5, 0.5)  # as mean and deviation, map 0..1 to -1..1


@dataclass(frozen=True)
class Preset:
    """All rules of a Lite R-ASPP segmenter apart from its backbone's table and its size."""

    pixel_mean: tuple[float, float, float]  # of RGB in 0..1, subtracted
    pixel_std: tuple[float, float, float]  # then divided by
    inputs: Literal["symmetric", "imagenet"]  # name of this normalisation in backbones.weights
    padding: Literal["same", "symmetric"]  # of strided convolutions
    rf2_expansion: Literal["halve", "keep"]  # see backbones.edits.halve_tail
    dilate_at_once: bool  # see backbones.edits.set_output_stride
    skip: Literal["depthwise", "block"]  # of the last stride-8 block, before SE; or output of the first stride-8 block
    gate: Gate
    gate_bias: bool  # whether the gate's convolution has a bias
    pooling: Pooling  # input of the gate
    align_corners: bool  # in every bilinear resizing
    authors_init: bool  # see segmenter._initialise


PRESETS = {
    # The authors' TensorFlow DeepLab, variants mobilenet_v3_{large,small}_seg; the gate as in figure 10.
    "paper": Preset(
        pixel_mean=HALVES,
        pixel_std=HALVES,
        inputs="symmetric",
        padding="same",
        rf2_expansion="halve",
        dilate_at_once=False,
        skip="depthwise",
        gate="sigmoid",
        gate_bias=True,
        pooling="window",
        align_corners=True,
        authors_init=True,
    ),
    # torchvision.models.segmentation.lraspp_mobilenet_v3_large.
    "torchvision": Preset(
        pixel_mean=IMAGENET_MEAN,
        pixel_std=IMAGENET_STD,
        inputs="imagenet",
        padding="symmetric",
        rf2_expansion="keep",
        dilate_at_once=True,
        skip="block",
        gate="sigmoid",
        gate_bias=False,
        pooling="global",
        align_corners=False,
        authors_init=False,
    ),
}


def get_preset(name: str) -> Preset:
    """Return preset `name`. Raises UserError if there is none."""
    if name not in PRESETS:
        raise UserError(f"task.preset: {name!r} is unknown; there are {', '.join(PRESETS)}")
    return PRESETS[name]
