"""Draw label maps from outlines, as torchvision's references/segmentation/coco_utils.py does."""

from pathlib import Path
from typing import Any

import numpy as np
from pycocotools import mask as coco_mask

from mnv3.lraspp.data.coco.outlines import Outlined
from mnv3.tools.images.label_png import write_label_png

OVERLAP = 255
"""Value of pixels of two objects or more: they are ignored."""

FARTHEST = 1e5
"""Pixels from the corner of the image; farther points would only cost memory."""


def write_label_file(folder: Path, image: Outlined) -> str | None:
    """Write the label file of `image` into `folder`; return what is wrong with its outlines, None if nothing is."""
    try:
        write_label_png(folder / f"{image.name}.png", label_map(image))
    except ValueError as error:
        return f"{image.name} ({error})"
    return None


def label_map(image: Outlined) -> np.ndarray:
    """Return [H, W] uint8: the class of the object at each pixel, 0 without one, OVERLAP for several.
    Raises ValueError for an outline that cannot be drawn."""
    labels, depth = np.zeros(image.size, np.uint8), np.zeros(image.size, np.uint16)
    for index, outline in image.objects:
        filled = inside(outline, *image.size)
        depth += filled
        np.maximum(labels, index * filled, out=labels)
    labels[depth > 1] = OVERLAP
    return labels


def inside(outline: Any, height: int, width: int) -> np.ndarray:
    """Return [H, W] uint8: 1 inside of an outline of polygons or run lengths, else 0."""
    if isinstance(outline, dict):
        return coco_mask.decode(_run_lengths(outline, height, width))
    if not outline or not all(map(_is_polygon, outline)) or len({len(polygon) == 4 for polygon in outline}) > 1:
        raise ValueError("a polygon is not an even number of at least 6 coordinates near the image")
    parts: Any = coco_mask.frPyObjects(outline, height, width)  # four numbers are a box to pycocotools
    return np.any(coco_mask.decode(parts), axis=2).astype(np.uint8)


def _run_lengths(outline: dict[str, Any], height: int, width: int) -> Any:
    counts: Any = outline.get("counts")
    if outline.get("size") != [height, width]:
        raise ValueError("run lengths of another size than the image")
    if isinstance(counts, str):
        raise ValueError("run lengths are compressed, unlike those of COCO's own files")
    whole = isinstance(counts, list) and all(type(count) is int and count >= 0 for count in counts)
    if not (whole and sum(counts) == height * width):
        raise ValueError("run lengths that are not whole numbers with the image's pixels as their sum")
    uncompressed: Any = outline
    return coco_mask.frPyObjects(uncompressed, height, width)


def _is_polygon(polygon: Any) -> bool:
    if type(polygon) is not list or len(polygon) < 4 or len(polygon) % 2:
        return False
    return all(type(part) in (int, float) and abs(part) <= FARTHEST for part in polygon)
