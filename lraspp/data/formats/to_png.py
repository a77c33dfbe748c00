"""`mnv3 data convert`: label maps from any data set to PNGs of class ids with a names file, checked by reading back.

Images are copied, not linked: a link would let a change of the copy change the original.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from omegaconf import DictConfig
from PIL import ExifTags, Image, ImageOps

from mnv3.lraspp.data.formats.legend import NAMES_FILES
from mnv3.lraspp.data.frames import IGNORE, Frame, FrameData, SegClass
from mnv3.lraspp.data.labels.file import read_values
from mnv3.lraspp.data.pixels import check_known, decode
from mnv3.lraspp.data.sets import READERS, open_dataset
from mnv3.tools.data.convert import (
    content_of,
    copy_names,
    new_folder,
    open_present,
    raise_if_different,
    renamed,
)
from mnv3.tools.data.reader import Log
from mnv3.tools.data.survey import look_at_all
from mnv3.tools.errors import UserError
from mnv3.tools.files.write import write_bytes, write_text
from mnv3.tools.images.label_png import write_label_png
from mnv3.tools.text.plain import listed

AS_STORED = 1
"""EXIF orientation of images that viewers do not turn."""


class Copied(NamedTuple):
    """The frames of a split that were written, and the names of their copies."""

    data: FrameData
    names: list[str]


def convert(dataset: Any, data: Any, split: str | None, out: Path, log: Log) -> str:
    """Write `split`, or all that there are, into the new folder `out`. Return a sentence on what was written.

    Raises UserError: the data cannot be opened, files cannot be read (unless data.on_error is "skip", which leaves
    them out), `out` is not empty, or what is read back differs.
    """
    opened = open_present(split, READERS[dataset.name].splits, lambda name: open_dataset(dataset, data, name, log))
    if not any(frame.label for found in opened.values() for frame in found.frames):
        raise UserError(f"Data set {dataset.name}: no frame of {listed(list(opened))} has a label file to convert.")
    classes = next(iter(opened.values())).classes
    ids = _ids(classes, log)
    with new_folder(out, dataset) as folder:
        names = [entry._replace(id=int(number), category=None) for entry, number in zip(classes, ids, strict=True)]
        write_text(folder / NAMES_FILES[0], "".join(f"{n} {name} #{bytes(rgb).hex()}\n" for name, rgb, _, n in names))
        written = {name: _write(found, name, ids, folder, data.on_error, log) for name, found in opened.items()}
        differing = [
            line for split, copied in written.items() for line in _differences(copied, split, names, folder, log)
        ]
        raise_if_different(differing, out)
    counts = ", ".join(f"{name} {len(copied.names):,}" for name, copied in written.items())
    return f"PNGs of class ids: {counts} images with {len(classes)} classes in {out}, read back."


def _ids(classes: tuple[SegClass, ...], log: Log) -> np.ndarray:
    """Return [K] uint8: the value in label files of each class index, which is the data set's own if these are in order
    and leave 255 free."""
    ids = [entry.id for entry in classes]
    if ids != sorted(ids) or IGNORE in ids:
        log(f"Class ids are numbered anew from 0, so that 255 marks what is ignored: they were {listed(ids)}.")
        ids = list(range(len(classes)))
    return np.array(ids, dtype=np.uint8)


def _write(found: FrameData, split: str, ids: np.ndarray, folder: Path, on_error: str, log: Log) -> Copied:
    """Write a split."""
    names = copy_names([f"{frame.name}{frame.image.suffix}" for frame in found.frames])
    images, masks = folder / "images" / split, folder / "masks" / split
    images.mkdir(parents=True)
    if found.has_labels:
        masks.mkdir(parents=True)

    def one(index: int) -> str | None:
        frame = found.frames[index]
        try:
            values = decode(frame).values
            labels = None if values is None else _labels(frame, values, ids, found)
            content = content_of(frame.image)
        except UserError as error:
            return " ".join(error.problems)
        write_bytes(images / names[index], content)
        if labels is not None:
            write_label_png(masks / _png(names[index]), labels)
        return None

    problems = look_at_all(one, len(found), log, f"{split}: copying images and label files")
    broken = [problem for problem in problems if problem]
    if broken:
        sentence = f"{split}: {len(broken)} of {len(found)} frames cannot be converted: {listed(broken)}"
        if on_error == "raise":
            raise UserError(f"{sentence} To leave them out: data.on_error=skip.")
        log(f"{sentence} They are left out.")
    for line in (*renamed([f"{frame.name}{frame.image.suffix}" for frame in found.frames], names), *_turned(found)):
        log(line)
    kept = [place for place, problem in enumerate(problems) if not problem]
    if not kept:
        raise UserError(f"{split}: no frame can be converted.")
    frames = tuple(found.frames[place] for place in kept)
    return Copied(FrameData(found.name, split, found.folder, frames, *_meaning(found)), [names[i] for i in kept])


def _meaning(found: FrameData) -> tuple[Any, ...]:
    return found.classes, found.ignored_ids, found.official


def _labels(frame: Frame, values: np.ndarray, ids: np.ndarray, found: FrameData) -> np.ndarray:
    """Return the label map [H, W] uint8 to be written. Raises UserError: values without a class."""
    classes = found.table[values]
    check_known(torch.from_numpy(classes), values, frame, found)
    codes = np.full(256, IGNORE, dtype=np.uint8)
    codes[: len(ids)] = ids
    return np.ascontiguousarray(_upright(codes[classes], frame))


def _upright(labels: np.ndarray, frame: Frame) -> np.ndarray:
    """Return labels of the pixels as stored turned as viewers turn their photo: label files in folders are so read."""
    orientation = _orientation(frame)
    if orientation == AS_STORED:
        return labels
    image = Image.fromarray(labels)
    image.getexif()[ExifTags.Base.Orientation] = orientation
    return np.array(ImageOps.exif_transpose(image))


def _orientation(frame: Frame) -> int:
    """Return the EXIF orientation that labels of `frame` do not follow yet."""
    if not frame.stored or frame.label is None:
        return AS_STORED
    with Image.open(frame.image) as image:
        return image.getexif().get(ExifTags.Base.Orientation, AS_STORED)


def _turned(found: FrameData) -> list[str]:
    turned = [frame.image.name for frame in found.frames if _orientation(frame) != AS_STORED]
    what = "Label files turned as viewers turn their photos, because the data set's were not"
    return [f"{what}: {len(turned)}: {listed(turned)}."] if turned else []


def _png(name: str) -> str:
    return f"{name.rpartition('.')[0]}.png"


def _differences(copied: Copied, split: str, classes: list[SegClass], folder: Path, log: Log) -> list[str]:
    """Open a written split as `dataset=masks` does; return how it differs from the frames converted."""
    back = open_dataset(_configured(folder), DictConfig({"root": str(folder), "on_error": "raise"}), split, _silent)
    frames = {frame.name: frame for frame in back.frames}
    names = [f"images/{split}/{name.rpartition('.')[0]}" for name in copied.names]
    if list(back.classes) != classes:
        return [f"{split}: classes"]
    if sorted(names) != sorted(frames):
        return [f"{split}: images"]

    def differs(index: int) -> str | None:
        ours, theirs = copied.data.frames[index], frames[names[index]]
        if content_of(ours.image) != content_of(theirs.image):
            return "image files"
        if (ours.label is None) != (theirs.label is None):
            return "label files"
        return (
            None if ours.label is None or _is_same_label(ours, theirs, copied.data, back) else "pixels of label files"
        )

    found = look_at_all(differs, len(names), log, f"{split}: reading back")
    return [f"{split}: {what}" for what in dict.fromkeys(found) if what]


def _is_same_label(ours: Frame, theirs: Frame, data: FrameData, back: FrameData) -> bool:
    """Compare class indices pixel for pixel, and of a turned photo the image's pixels."""
    assert ours.label is not None and theirs.label is not None
    want = _upright(data.table[read_values(ours.label)], ours)
    if not np.array_equal(want, back.table[read_values(theirs.label)]):
        return False
    if _orientation(ours) == AS_STORED:
        return True
    image = np.stack([_upright(channel, ours) for channel in np.moveaxis(decode(ours).image, 2, 0)], axis=2)
    return np.array_equal(image, decode(theirs).image)


def _configured(folder: Path) -> Mapping[str, Any]:
    keys = {"format": None, "names": None, "classes": None, "ignore": "auto", "label_suffix": None}
    return DictConfig({"name": "masks", "path": str(folder), **keys, "val_share": 0, "seed": 0})


def _silent(line: str) -> None:
    """Log nothing: the folder is temporary."""
