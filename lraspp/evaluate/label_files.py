"""Predictions as label files: single-channel PNGs of the data set's own ids, as for Cityscapes' evaluation."""

import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from torch import Tensor

from mnv3.lraspp.data.dataset import NO_FRAME
from mnv3.lraspp.data.frames import FrameData
from mnv3.tools.files.write import atomic_path
from mnv3.tools.images.label_png import write_label_png

SUFFIX = "_pred_labelIds"
"""After the name of a Cityscapes frame: its script and its server look for <frame>*.png."""


def label_file(folder: Path, data: FrameData, index: int) -> Path:
    """Return the path of a frame's prediction, whether it exists or not."""
    return folder / f"{data.frames[index].name}{SUFFIX if data.official else ''}.png"


def write_label_files(folder: Path, data: FrameData, indices: Sequence[int], predictions: Tensor) -> None:
    """Write class indices `predictions` [N, H, W] uint8 of frames `indices` as ids; skip unreadable frames."""
    for index, classes in zip(indices, predictions.cpu().numpy(), strict=True):
        if index != NO_FRAME:
            write_label_png(label_file(folder, data, index), data.ids[classes])


def zip_files(path: Path, folder: Path, files: Iterable[Path]) -> None:
    """Archive `files` in `path` by their names below `folder`, uncompressed because PNGs are compressed already."""
    with atomic_path(path) as temporary, zipfile.ZipFile(temporary, "w", zipfile.ZIP_STORED) as archive:
        for file in files:
            archive.write(file, file.relative_to(folder))
