"""W&B panels of a detection run: the same images every time with boxes, and tables."""

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import numpy as np

from mnv3.ssdlite.data.coco.annotations import CocoData
from mnv3.ssdlite.evaluate.results import Result, read_table
from mnv3.ssdlite.evaluate.samples import pick_samples
from mnv3.ssdlite.evaluate.scorer import Scores
from mnv3.tools.errors import UserError
from mnv3.tools.images.read import read_image
from mnv3.tools.runs.wandb_run import boxed_image

SAMPLES = 8


def sample_panels(data: CocoData, results: Sequence[Result], score_threshold: float) -> list[Any]:
    """Return wandb.Images of SAMPLES images with detections above the threshold and the truth."""
    found = read_table(results)
    names = {category.id: category.name for category in data.categories}
    images = {}
    for index in pick_samples(data, SAMPLES):
        with suppress(UserError):  # scoring has reported it
            images[index] = read_image(data.path(index), (int(data.sizes[index, 0]), int(data.sizes[index, 1])))
    panels, common = [], data.sizes[list(images)].max(0, initial=0).tolist()
    for index, image in images.items():
        rows = (found.image_ids == data.image_ids[index]) & (found.scores >= score_threshold)
        true = slice(int(data.starts[index]), int(data.starts[index + 1]))
        panels.append(
            boxed_image(
                _padded(image.permute(1, 2, 0).numpy(), *common),
                _corners(found.boxes[rows]),
                [names[i] for i in found.category_ids[rows].tolist()],
                found.scores[rows].tolist(),
                list(names.values()),
                (_corners(data.boxes[true]), [names[i] for i in data.category_ids[true].tolist()]),
                caption=str(data.file_names[index]),
            )
        )
    return panels


def score_tables(scores: Scores) -> dict[str, Any]:
    """Return wandb.Tables of the AP of each class and of the confusion matrix (rows: truth)."""
    import wandb

    rows = [[name, scores.per_class[name], scores.per_class50[name]] for name in scores.names]
    sides = [*scores.names, "background"]
    confusion = [[name, *counts] for name, counts in zip(sides, scores.confusion.tolist(), strict=True)]
    return {
        "val/per_class": wandb.Table(columns=["class", "AP", "AP50"], data=rows),
        "val/confusion": wandb.Table(columns=["truth", *sides], data=confusion),
    }


def _padded(image: np.ndarray, height: int, width: int) -> np.ndarray:
    """Pad `image` with black to [height, width, 3]: W&B misplaces boxes on images of different sizes."""
    missing = (height - image.shape[0], width - image.shape[1])
    return np.pad(image, ((0, missing[0]), (0, missing[1]), (0, 0)))


def _corners(boxes: Any) -> list[list[float]]:
    """[n, 4] (x, y, width, height) -> xyxy."""
    return [[x, y, x + width, y + height] for x, y, width, height in boxes.tolist()]
