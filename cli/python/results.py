"""What `Model.predict` returns."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from mnv3.tools.drawing.paint import Colour
from mnv3.tools.machine.extras import require
from mnv3.tools.predict.outputs import coco_results, draw_boxes, draw_labels, in_words
from mnv3.tools.predict.predictor import Boxes

LARGEST = 1000
"""Longer side of pictures in notebooks, pixels."""


@dataclass(frozen=True, eq=False, repr=False)
class Seen:
    """The picture of a result. `source`: the image file or video, if it is from one. `frame`: number in the video, from
    0. `pixels`: [H, W, 3] uint8 RGB, None for an image file, which is read again when needed."""

    source: Path | None = None
    frame: int | None = None
    pixels: np.ndarray | None = None

    def read(self) -> np.ndarray:
        """Return the pixels. Raises UserError if the file has gone."""
        if self.pixels is not None:
            return self.pixels
        from mnv3.tools.images.read import read_pixels

        assert self.source is not None
        return read_pixels(self.source)

    def __str__(self) -> str:
        frame = "" if self.frame is None else f", frame {self.frame}"
        return f" in {self.source}{frame}" if self.source else ""


@dataclass(frozen=True, eq=False, repr=False)
class Detections:
    """The objects found in a picture, best first.

    `boxes`: [n, 4] float32, left, top, right, bottom in pixels of the picture. `scores`: [n] float32, 0 to 1.
    `classes`: [n] int64, the network's class numbers. By class number: `names`; `ids`, the data set's category ids;
    `colours`, RGB. `picture`: where they were found.

    >>> import mnv3
    >>> found = mnv3.load("small.onnx").predict("photo.jpg", threshold=0.01)
    >>> found.boxes.shape == (len(found), 4)
    True
    >>> best = found.names[found.classes[0]], float(found.scores[0])
    >>> found.draw().save("drawn.jpg")
    """

    boxes: np.ndarray
    scores: np.ndarray
    classes: np.ndarray
    names: Mapping[int, str]
    ids: Mapping[int, int]
    colours: Mapping[int, Colour]
    picture: Seen = field(default_factory=Seen)

    def __len__(self) -> int:
        return len(self.scores)

    def __repr__(self) -> str:
        return f"<{in_words(self.names, self._found(), self.names)}{self.picture}>"

    def draw(self) -> Image.Image:
        """Return the picture with its boxes, their classes and scores."""
        return draw_boxes(self.picture.read(), self._found(), self.names, self.colours)

    def to_coco(self, image_id: int = 1) -> list[dict[str, Any]]:
        """Return rows of COCO's results list, with the data set's category ids.

        >>> import mnv3
        >>> rows = mnv3.load("small.onnx").predict("photo.jpg", threshold=0.01).to_coco(image_id=7)
        >>> sorted(rows[0])
        ['bbox', 'category_id', 'image_id', 'score']
        """
        return coco_results(self._found(), self.ids, image_id)

    def to_supervision(self) -> Any:
        """Return a supervision.Detections. Raises UserError if supervision is not installed."""
        supervision = require("supervision", "supervision")
        names = np.array([self.names[number] for number in self.classes.tolist()], dtype=str)
        return supervision.Detections(
            xyxy=self.boxes, confidence=self.scores, class_id=self.classes.astype(int), data={"class_name": names}
        )

    def _found(self) -> Boxes:
        return Boxes(self.boxes, self.scores, self.classes)

    def _repr_png_(self) -> bytes:
        return _png(self.draw())


@dataclass(frozen=True, eq=False, repr=False)
class LabelMap:
    """The class of each pixel of a picture.

    `labels`: [H, W] uint8, the network's class numbers. By class number: `names`; `ids`, the data set's label ids;
    `colours`, RGB. `picture`: what was labelled.

    >>> import mnv3
    >>> found = mnv3.load("masks.onnx").predict("photo.jpg")
    >>> found.labels.shape
    (120, 160)
    >>> road = found.labels == 0
    >>> found.draw().save("drawn.jpg")
    """

    labels: np.ndarray
    names: Mapping[int, str]
    ids: Mapping[int, int]
    colours: Mapping[int, Colour]
    picture: Seen = field(default_factory=Seen)

    def __repr__(self) -> str:
        return f"<{in_words(self.names, self.labels, self.names)}{self.picture}>"

    def draw(self) -> Image.Image:
        """Return the picture in the colours of its classes, with a legend."""
        return draw_labels(self.picture.read(), self.labels, self.names, self.colours, every=False)

    def to_coco(self, image_id: int = 1) -> list[dict[str, Any]]:
        """Return rows of COCO's results list for segmentation, one per class in the picture: its mask as compressed
        run lengths, with the data set's label id as the category id."""
        from pycocotools import mask

        rows = []
        for number in self._present():
            found: Any = mask.encode(np.asfortranarray(self.labels == number, np.uint8))
            runs = {"size": list(found["size"]), "counts": found["counts"].decode()}
            rows.append({"image_id": image_id, "category_id": self.ids[number], "segmentation": runs})
        return rows

    def to_supervision(self) -> Any:
        """Return a supervision.Detections with a mask for each class in the picture. Raises UserError if supervision is
        not installed."""
        supervision = require("supervision", "supervision")
        present = self._present()
        masks = np.stack([self.labels == number for number in present] or [np.zeros(self.labels.shape, bool)])
        masks = masks[: len(present)]
        names = np.array([self.names[number] for number in present], dtype=str)
        return supervision.Detections(
            xyxy=np.array([_around(mask) for mask in masks], np.float32).reshape(-1, 4),
            mask=masks,
            class_id=np.array(present, int),
            data={"class_name": names},
        )

    def _present(self) -> list[int]:
        """Return the class numbers in the picture."""
        return [number for number in np.unique(self.labels).tolist() if number in self.names]

    def _repr_png_(self) -> bytes:
        return _png(self.draw())


def _around(mask: np.ndarray) -> tuple[int, int, int, int]:
    """Return the box around a mask that is not empty."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return columns[0], rows[0], columns[-1] + 1, rows[-1] + 1


def _png(drawn: Image.Image) -> bytes:
    """Encode a picture for a notebook, at most LARGEST pixels wide or high."""
    drawn.thumbnail((LARGEST, LARGEST))
    file = BytesIO()
    drawn.save(file, "PNG")
    return file.getvalue()
