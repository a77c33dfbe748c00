"""Boxes of PASCAL VOC as CocoData."""

from collections.abc import Sequence

import numpy as np

from mnv3.ssdlite.data.coco.annotations import ClassSlots, CocoData, with_slots
from mnv3.ssdlite.data.coco.keys import Mistakes
from mnv3.ssdlite.data.voc.annotation import Annotation, read_annotation
from mnv3.tools.data.folder.files import Mistake
from mnv3.tools.data.survey import look_at_all
from mnv3.tools.data.voc import NAMES, Listed, stems
from mnv3.tools.errors import UserError
from mnv3.tools.images.read import image_size

UNREADABLE = (1, 1)
"""Size of a test image that cannot be read; the problem is reported when it is read."""


def load_voc(images: Listed, split: str, class_slots: ClassSlots, max_boxes: int) -> CocoData:
    """Read the annotations of the listed images; the test split has none. Raises UserError with all mistakes together,
    one sentence for each kind.

    Objects marked difficult become crowds: like VOC's own evaluation, COCO's then counts them neither as missed nor, if
    found, as false; and they are not trained on.
    """
    found = _without_boxes(images) if split == "test" else _read_all(images)
    categories, num_slots = with_slots(dict(enumerate(NAMES, start=1)), class_slots, images.file)
    objects = [entry for annotation in found for entry in annotation.objects]
    boxes = np.array([entry.box for entry in objects], dtype=np.float64).reshape(-1, 4)
    difficult = np.array([entry.difficult for entry in objects], dtype=bool)
    note = (
        f"{images.file.name}: {difficult.sum()} of {len(objects)} boxes are marked difficult: they are left out of "
        "training, and ignored in scoring like COCO's crowds."
    )
    return CocoData(
        source=images.file,
        images_dir=images.folder / "JPEGImages",
        categories=categories,
        num_slots=num_slots,
        image_ids=np.array(_image_ids(images.names), dtype=np.int64),
        file_names=np.array([f"{name}.jpg" for name in images.names]),
        sizes=np.array([annotation.size for annotation in found], dtype=np.int64),
        starts=np.concatenate([[0], np.cumsum([len(annotation.objects) for annotation in found])]),
        boxes=boxes,
        category_ids=np.array([entry.category for entry in objects], dtype=np.int64),
        crowd=difficult,
        areas=boxes[:, 2] * boxes[:, 3],
        has_annotations=split != "test",
        notes=(note,) if difficult.any() else (),
        max_boxes=max_boxes,
    )


def _read_all(images: Listed) -> list[Annotation]:
    folder = images.folder / "Annotations"
    found: list[Annotation] = []
    wrong: dict[str, list[str]] = {}
    for name in images.names:
        of_file: list[Mistake] = []
        annotation = read_annotation(folder / f"{name}.xml", of_file)
        found += [annotation] if annotation else []
        for mistake in of_file:
            kind, detail = mistake.kind, mistake.detail
            wrong.setdefault(kind, []).append(f"{name} ({detail})" if detail else name)
    mistakes = Mistakes(folder)
    for kind, offenders in wrong.items():
        mistakes.add(kind, dict.fromkeys(offenders))
    if wrong:
        present = stems(images.folder / "JPEGImages", ".jpg")
        mistakes.add("images that are not in JPEGImages", [name for name in images.names if name not in present])
    mistakes.raise_if_any()
    return found


def _without_boxes(images: Listed) -> list[Annotation]:
    def look(index: int) -> Annotation:
        try:
            return Annotation(image_size(images.image(images.names[index])), ())
        except UserError:
            return Annotation(UNREADABLE, ())

    return look_at_all(look, len(images.names))


def _image_ids(names: Sequence[str]) -> list[int]:
    """Return 2007000027 for 2007_000027, as converters to COCO's format do; for other names 1, 2, ..."""
    digits = [name.replace("_", "") for name in names]
    usual = all(text.isascii() and text.isdecimal() and len(text) < 19 for text in digits)
    ids = [int(text) for text in digits] if usual else []
    return ids if len(set(ids)) == len(names) else list(range(1, len(names) + 1))
