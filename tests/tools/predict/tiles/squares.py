"""A detector without a network: it finds coloured rectangles that are large enough in its input."""

from collections.abc import Sequence

import numpy as np

from mnv3.tools.predict.predictor import Boxes

LEAST = 6
"""Pixels of the input that a rectangle needs."""


class Squares:
    """Finds what is seen of each rectangle, whose red is its number and whose green is its class; a whole one scores
    0.9, and one at the border of the image 0.95, so that nothing goes by scores."""

    task, classes, ids, colours = "ssdlite", {1: "one", 2: "two"}, {1: 1, 2: 2}, {}
    input_size, max_detections = (100, 100), 100

    def __init__(self) -> None:
        self.batches: list[int] = []

    def __call__(self, images: Sequence[np.ndarray]) -> list[Boxes]:
        self.batches.append(len(images))
        return [self._of(image) for image in images]

    def _of(self, image: np.ndarray) -> Boxes:
        height, width = image.shape[:2]
        rows = []
        for number in np.unique(image[..., 0])[1:]:
            y, x = np.nonzero(image[..., 0] == number)
            x1, y1, x2, y2 = x.min(), y.min(), x.max() + 1, y.max() + 1
            if min((x2 - x1) * 100 / width, (y2 - y1) * 100 / height) >= LEAST:
                edge = x1 == 0 or y1 == 0 or x2 == width or y2 == height
                rows.append((x1, y1, x2, y2, 0.95 if edge else 0.9, image[y[0], x[0], 1]))
        rows.sort(key=lambda row: -row[4])
        table = np.array(rows, np.float32).reshape(-1, 6)
        return Boxes(table[:, :4], table[:, 4], table[:, 5].astype(np.int64))


def draw(boxes: Sequence[tuple[int, int, int, int, int]], size: tuple[int, int]) -> np.ndarray:
    """Return a picture of rectangles x1, y1, x2, y2, class."""
    picture = np.zeros((*size, 3), np.uint8)
    for number, (x1, y1, x2, y2, kind) in enumerate(boxes, start=1):
        picture[y1:y2, x1:x2, :2] = number, kind
    return picture


def listed(found: Boxes) -> list[tuple[int, ...]]:
    rows = np.column_stack([found.boxes, found.classes]).astype(int).tolist()
    return sorted(tuple(row) for row in rows)
