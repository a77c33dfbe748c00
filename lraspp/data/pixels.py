"""Decode image and label files."""

from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import numpy as np
from torch import Tensor

from mnv3.lraspp.data.frames import UNKNOWN, Frame, FrameData
from mnv3.lraspp.data.labels.file import read_values
from mnv3.tools.errors import UserError
from mnv3.tools.images.read import read_image

TRAIN_IDS = 19
"""Cityscapes' train ids are 0..18, and 255."""


class SizesDiffer(UserError):
    """An image and its label file differ in size."""


class Pixels(NamedTuple):
    """`image` [H, W, 3] uint8 RGB; `values` [H, W] uint8 as in the label file, None for a test frame."""

    image: np.ndarray
    values: np.ndarray | None


def decode(frame: Frame) -> Pixels:
    """Read the files of `frame`. Raises UserError: missing, unreadable, or of different sizes."""
    if frame.label is None:
        return Pixels(_read(frame.image), None)
    values = read_values(frame.label)
    image = _as_labelled(frame, values.shape)
    check_sizes(frame, (image.shape[0], image.shape[1]), values.shape)
    return Pixels(image, values)


def _as_labelled(frame: Frame, size: tuple[int, int]) -> np.ndarray:
    """Read the image of `frame` turned like its label file of `size`."""
    if frame.stored:
        with suppress(UserError):  # of another size, or unreadable: see below
            return _read(frame.image, size)
    image = _read(frame.image)
    if image.shape[:2] == size[::-1] != size:  # the label file was drawn on the photograph as stored
        with suppress(UserError):
            image = _read(frame.image, size)
    return image


def check_sizes(frame: Frame, image: tuple[int, ...], label: tuple[int, ...]) -> None:
    """Raise SizesDiffer unless the image and the label file have the same (H, W)."""
    if image != label:
        raise SizesDiffer(
            f"{frame.image} is {image[1]}x{image[0]} pixels, but its label file {frame.label} is {label[1]}x{label[0]}."
        )


def _read(path: Path, size: tuple[int, int] | None = None) -> np.ndarray:
    return read_image(path, size).permute(1, 2, 0).numpy()


def check_known(classes: Tensor, values: np.ndarray, frame: Frame, data: FrameData) -> None:
    """Raise UserError if `classes`, looked up in `data.table` from `values`, has UNKNOWN."""
    if not (classes == UNKNOWN).any():
        return
    present = np.unique(values)
    unknown = present[data.table[present] == UNKNOWN].tolist()
    raise UserError(unknown_values(f"Label file {frame.label}", present.tolist(), unknown, data))


def unknown_values(where: str, present: list[int], unknown: list[int], data: FrameData) -> str:
    """Return a message on values that `data` does not have."""
    if data.official and seem_train_ids(present):
        return (
            f"{where} has train ids (0 to 18, and 255); expected label ids, as in Cityscapes' *_labelIds.png. Train "
            "ids are made from them while loading."
        )
    listed = ", ".join(map(str, unknown[:10])) + (", ..." if len(unknown) > 10 else "")
    cure = " Lines of dataset.names may be `id name`, as in `255 thing`; dataset.ignore is the ignored value, or null."
    cure = cure if data.name in ("mask_folder", "masks") else ""
    return f"{where} has values that {data.name} does not have: {listed}.{cure}"


def seem_train_ids(present: list[int]) -> bool:
    """Whether these values of Cityscapes label files are more likely train ids than label ids."""
    return 255 in present and all(value < TRAIN_IDS or value == 255 for value in present)
