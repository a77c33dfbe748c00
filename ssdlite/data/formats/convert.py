"""From the labels of any format to CocoData: sizes from the images where labels lack them, and COCO's checks."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from mnv3.ssdlite.data.coco.annotations import ClassSlots, CocoData, with_slots
from mnv3.ssdlite.data.coco.areas import sound_areas
from mnv3.ssdlite.data.coco.keys import Mistakes
from mnv3.ssdlite.data.coco.read import check_box_convention
from mnv3.ssdlite.data.formats.labels import Box, Labels, Picture
from mnv3.tools.data.survey import look_at_all
from mnv3.tools.errors import UserError
from mnv3.tools.images.read import image_size, is_ambiguous
from mnv3.tools.text.plain import listed

UNREADABLE = (1, 1)
"""Size of an image that cannot be read; the problem is reported when it is read."""


def as_coco(
    root: Path, labels: Labels, pictures: Sequence[Picture], class_slots: ClassSlots, max_boxes: int
) -> CocoData:
    """Return `pictures` of a split of `labels`. Raises UserError: boxes that cannot be in pixels, or class ids that do
    not fit `class_slots`."""
    categories, num_slots = with_slots(labels.names, class_slots, root)
    ids = {name: number for number, name in labels.names.items()}
    sizes = _sizes(root, pictures)
    unknown = [picture.file for picture, size in zip(pictures, sizes, strict=True) if size is None]
    kept = [_in_pixels(picture, size) for picture, size in zip(pictures, sizes, strict=True)]
    boxes = [box for own in kept for box in own]
    shapes = np.array([box.box for box in boxes], dtype=np.float64).reshape(-1, 4)
    arrays = {
        "image_ids": np.array(_image_ids(pictures), dtype=np.int64),
        "file_names": np.array([picture.file for picture in pictures]),
        "sizes": np.array([size or UNREADABLE for size in sizes], dtype=np.int64),
        "starts": np.concatenate([[0], np.cumsum([len(own) for own in kept])]).astype(np.int64),
        "boxes": shapes,
        "category_ids": np.array([ids[box.name] for box in boxes], dtype=np.int64),
        "crowd": np.array([box.ignored for box in boxes], dtype=bool),
        "areas": sound_areas([box.area for box in boxes], shapes)[0],
    }
    mistakes = Mistakes(root)
    check_box_convention(arrays, mistakes)
    mistakes.raise_if_any()
    turned = _ambiguous(root, pictures)
    notes = {
        "images whose size cannot be read, so their boxes are left out": unknown,
        "photos stored upside down, mirrored, or square and turned (EXIF), so that sizes cannot tell whether their "
        "boxes are of the photo as stored or as displayed; taken as stored. If they were drawn on it as displayed, "
        "save it again upright": turned,
    }
    return CocoData(
        source=root,
        images_dir=root,
        categories=categories,
        num_slots=num_slots,
        **arrays,
        has_annotations=any(picture.labelled for picture in pictures),
        notes=tuple(f"{kind}: {len(which)}: {listed(which)}." for kind, which in notes.items() if which),
        max_boxes=max_boxes,
    )


def _sizes(root: Path, pictures: Sequence[Picture]) -> list[tuple[int, int] | None]:
    """Return (H, W) of each image, from its header if the labels do not hold it; None if it cannot be read."""

    def look(index: int) -> tuple[int, int] | None:
        picture = pictures[index]
        try:
            return picture.size or image_size(root / picture.file)
        except UserError:
            return None

    return look_at_all(look, len(pictures))


def _ambiguous(root: Path, pictures: Sequence[Picture]) -> list[str]:
    """Return the images with boxes whose stored rotation the sizes do not tell."""
    labelled = [picture.file for picture in pictures if picture.boxes]
    found = look_at_all(lambda index: is_ambiguous(root / labelled[index]), len(labelled))
    return [file for file, ambiguous in zip(labelled, found, strict=True) if ambiguous]


def _in_pixels(picture: Picture, size: tuple[int, int] | None) -> tuple[Box, ...]:
    if size is None:
        return ()
    if not picture.shares:
        return picture.boxes
    height, width = size
    found = []
    for entry in picture.boxes:
        x, y, box_width, box_height = entry.box
        found.append(entry._replace(box=(x * width, y * height, box_width * width, box_height * height)))
    return tuple(found)


def _image_ids(pictures: Sequence[Picture]) -> list[int]:
    """Return the ids of the labels; for labels without, or with the same one twice, 1, 2, ..."""
    ids = [picture.id for picture in pictures if picture.id is not None]
    return ids if len(set(ids)) == len(pictures) else list(range(1, len(pictures) + 1))
