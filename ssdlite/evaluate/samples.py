"""Draw a detector's predictions beside the truth."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from mnv3.ssdlite.data.coco.annotations import CocoData
from mnv3.ssdlite.evaluate.results import Result, read_table
from mnv3.tools.drawing.boxes import caption_height, draw_boxes
from mnv3.tools.drawing.paint import class_colour
from mnv3.tools.drawing.sheets import Sheet, lay_out, panel
from mnv3.tools.errors import UserError
from mnv3.tools.images.read import read_image

SIDE = 480  # pixels of a panel's longer side
CROWD = (150, 150, 150)


def pick_samples(data: CocoData, count: int) -> list[int]:
    """Return indices of `count` images (or of all), evenly spaced among those with boxes: the same every time."""
    with_boxes = np.flatnonzero(np.diff(data.starts) > 0)
    candidates = with_boxes if len(with_boxes) else np.arange(len(data))
    if not len(candidates):
        return []
    places = np.linspace(0, len(candidates) - 1, min(count, len(candidates)))
    return candidates[places.round().astype(int)].tolist()


def draw_samples(
    data: CocoData, results: Sequence[Result], indices: Sequence[int], score_threshold: float
) -> Sheet | None:
    """Draw each readable image's truth (crowds grey), if public, and detections above the threshold; None for none."""
    found = read_table(results)
    strip = caption_height(SIDE)
    panels: list[Sheet] = []
    for index in indices:
        try:
            image = read_image(data.path(index), (int(data.sizes[index, 0]), int(data.sizes[index, 1])))
        except UserError:
            continue  # scoring has reported it
        name = data.file_names[index]
        if data.has_annotations:
            panels.append(panel(_truth(data, index, image), name, "truth", strip))
        rows = (found.image_ids == data.image_ids[index]) & (found.scores >= score_threshold)
        caption = f"prediction, score at least {score_threshold:g}"
        picture = _predictions(data, image, found.boxes[rows], found.category_ids[rows], found.scores[rows], caption)
        panels.append(panel(picture, name, "prediction", strip))
    return lay_out(panels, columns=4) if panels else None


def _truth(data: CocoData, index: int, image: Tensor) -> Tensor:
    rows = slice(int(data.starts[index]), int(data.starts[index + 1]))
    names, colours = _labels(data, data.category_ids[rows])
    crowds = data.crowd[rows].tolist()
    return draw_boxes(
        image,
        _corners(data.boxes[rows]),
        [f"{name} (crowd)" if crowd else name for name, crowd in zip(names, crowds, strict=True)],
        [CROWD if crowd else colour for colour, crowd in zip(colours, crowds, strict=True)],
        longest=SIDE,
        caption=f"truth  {data.file_names[index]}",
    )


def _predictions(
    data: CocoData, image: Tensor, boxes: np.ndarray, category_ids: np.ndarray, scores: np.ndarray, caption: str
) -> Tensor:
    names, colours = _labels(data, category_ids)
    tags = [f"{name} {score:.2f}" for name, score in zip(names, scores.tolist(), strict=True)]
    return draw_boxes(image, _corners(boxes), tags, colours, longest=SIDE, caption=caption)


def _labels(data: CocoData, category_ids: np.ndarray) -> tuple[list[str], list[tuple[int, int, int]]]:
    by_id = {category.id: (category.name, class_colour(category.slot)) for category in data.categories}
    return [by_id[i][0] for i in category_ids.tolist()], [by_id[i][1] for i in category_ids.tolist()]


def _corners(boxes: np.ndarray) -> Tensor:
    return torch.from_numpy(np.concatenate([boxes[:, :2], boxes[:, :2] + boxes[:, 2:]], axis=1))
