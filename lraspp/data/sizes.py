"""Sizes set by a configuration: of training samples, and of the network's input in scoring."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from mnv3.lraspp.data.frames import FrameData
from mnv3.lraspp.data.loader import UNREADABLE, frame_sizes
from mnv3.tools.errors import UserError
from mnv3.tools.runs.saved_config import is_size

Size = tuple[int, int]

GRID = 8
"""Stride of the logits: the position of their grid in an image depends on its side modulo this."""


def input_size(config: Mapping[str, Any]) -> Size | None:
    """Return the size that frames are resized to, None for their own."""
    size = config["task"]["input_size"]
    return None if size is None else (size[0], size[1])


def first_size(config: Mapping[str, Any], data: FrameData) -> Size:
    """Return the size that frames are resized to, or that of the first readable one of `data`."""
    sizes = (frame_sizes(replace(data, frames=(frame,)))[0] for frame in data.frames)
    return input_size(config) or next((size for size in sizes if size != UNREADABLE), UNREADABLE)


def crop_size(config: Mapping[str, Any], data: FrameData) -> Size:
    """Return the size of a training sample: recipe.crop, or that of a frame."""
    crop = config["recipe"]["crop"]
    return first_size(config, data) if crop is None else (crop[0], crop[1])


def check_sizes(config: Mapping[str, Any]) -> None:
    """Raise UserError unless recipe.crop and task.input_size are null or two numbers, the latter within limits."""
    sizes = {"recipe.crop": config["recipe"]["crop"], "task.input_size": config["task"]["input_size"]}
    problems = [
        f"{key}={size}: must be two numbers, height and width."
        for key, size in sizes.items()
        if size is not None and len(size) != 2
    ]
    size = sizes["task.input_size"]
    if not problems and size is not None and not is_size(size):
        problems.append(f"task.input_size={size}: sides must be 1 to 16384 pixels, at most 4096 x 4096 in all.")
    if problems:
        raise UserError(*problems)


def unlike(crop: Size, scored: Size) -> str | None:
    """Return a warning if the network's grid is aligned differently in training samples and scored frames.

    With TensorFlow's padding, strided convolutions sample different pixels for a side of 16 k than for the authors'
    16 k + 1. On CamVid, training on 369 x 481 and scoring on 360 x 480 lost 0.07 mIoU.
    """
    if all((one - other) % GRID == 0 for one, other in zip(crop, scored, strict=True)):
        return None
    fitting = [side + (part - side) % GRID for side, part in zip(scored, crop, strict=True)]
    return (
        f"Training samples are {crop[0]} x {crop[1]} and frames are scored at {scored[0]} x {scored[1]}: the grid of "
        "the network's strides is aligned differently in the two, which costs accuracy. Add "
        f"task.input_size=[{fitting[0]},{fitting[1]}], or choose another recipe.crop."
    )
