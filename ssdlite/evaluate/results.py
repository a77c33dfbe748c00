"""Gather detections from all processes as COCO's official results, a list of {image_id, category_id, bbox, score}."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from mnv3.ssdlite.data.coco.annotations import CocoData
from mnv3.ssdlite.model.targets import Detections
from mnv3.tools.files.write import atomic_path
from mnv3.tools.machine.processes import gathered

Result = dict[str, Any]
"""One detection: image_id, category_id, bbox [x, y, width, height] in pixels of the file, score 0..1."""

PRECISION = 2  # decimals of a pixel in bbox, as in COCO's own annotation files


class Table(NamedTuple):
    """n detections as columns: `image_ids` [n] int64, `category_ids` [n] int64, `boxes` [n, 4] float64 (x, y, width,
    height), `scores` [n] float64, best first within an image."""

    image_ids: np.ndarray
    category_ids: np.ndarray
    boxes: np.ndarray
    scores: np.ndarray


class Collector:
    """Collects detections batch by batch, on their device until `results` is called."""

    def __init__(self, data: CocoData) -> None:
        self.data = data
        self.batches: list[tuple[Tensor, Detections]] = []

    def add(self, image_ids: Tensor, detections: Detections) -> None:
        """Add detections of images `image_ids` [N]; images that are not in the data set (NO_IMAGE) are ignored."""
        self.batches.append((image_ids, detections))

    def results(self) -> list[Result]:
        """Return the official results of all processes, by image id, best first.

        Every process must call; all get the same. An image in several batches or processes counts once.
        """
        return _official(*_merge(gathered(self._own())))

    def _own(self) -> tuple[Table, np.ndarray]:
        """Return this process's table, and the batch number of each row."""
        if not self.batches:
            empty = np.zeros(0, dtype=np.int64)
            return Table(empty, empty, np.zeros((0, 4)), np.zeros(0)), empty
        image_ids = torch.cat([ids.cpu() for ids, _ in self.batches]).numpy()
        boxes, scores, slots = (
            torch.cat([getattr(found, name) for _, found in self.batches]).cpu().numpy()
            for name in ("boxes", "scores", "slots")
        )
        batch = np.repeat(np.arange(len(self.batches)), [len(ids) for ids, _ in self.batches])
        category = _categories(self.data)[slots]  # padding, slot -1, reads the last entry: no category
        image, rank = np.nonzero((category >= 0) & np.isin(image_ids, self.data.image_ids)[:, None])
        corners = boxes[image, rank].astype(np.float64)
        table = Table(
            image_ids[image],
            category[image, rank],
            np.concatenate([corners[:, :2], corners[:, 2:] - corners[:, :2]], axis=1).round(PRECISION),
            _shortest(scores[image, rank]),
        )
        return table, batch[image]


def read_table(results: Sequence[Result]) -> Table:
    """Convert official results to columns."""
    return Table(
        np.array([result["image_id"] for result in results], dtype=np.int64),
        np.array([result["category_id"] for result in results], dtype=np.int64),
        np.array([result["bbox"] for result in results], dtype=np.float64).reshape(-1, 4),
        np.array([result["score"] for result in results], dtype=np.float64),
    )


def write_results(path: Path, results: Sequence[Result]) -> None:
    """Write official results, one per line."""
    with atomic_path(path) as temporary, temporary.open("w") as file:
        file.write("[")
        for i, result in enumerate(results):
            file.write((",\n" if i else "\n") + json.dumps(result, separators=(",", ":")))
        file.write("\n]\n")


def _categories(data: CocoData) -> np.ndarray:
    """Return [num_slots + 1] int64: category id by slot, -1 if none; the last entry is for padding."""
    categories = np.full(data.num_slots + 1, -1, dtype=np.int64)
    for category in data.categories:
        categories[category.slot] = category.id
    return categories


def _shortest(scores: np.ndarray) -> np.ndarray:
    """Convert float32 to the float64 with the shortest exact decimals, for a short file."""
    return scores.astype(np.float32).astype(str).astype(np.float64)


def _merge(portions: Sequence[tuple[Table, np.ndarray]]) -> Table:
    """Merge all processes' tables, sorted by image id; of a repeated image, keep the first process's first batch."""
    table = Table(*(np.concatenate(columns) for columns in zip(*(table for table, _ in portions), strict=True)))
    source = np.concatenate([np.stack([np.full(len(b), p), b]) for p, (_, b) in enumerate(portions)], axis=1)
    order = np.lexsort((source[1], source[0], table.image_ids))  # stable: ranks stay in order
    images, (processes, batches) = table.image_ids[order], source[:, order]
    _, first, inverse = np.unique(images, return_index=True, return_inverse=True)
    same = (processes == processes[first][inverse]) & (batches == batches[first][inverse])
    return Table(*(column[order[same]] for column in table))


def _official(image_ids: np.ndarray, category_ids: np.ndarray, boxes: np.ndarray, scores: np.ndarray) -> list[Result]:
    rows = zip(image_ids.tolist(), category_ids.tolist(), boxes.tolist(), scores.tolist(), strict=True)
    return [
        {"image_id": image_id, "category_id": category_id, "bbox": box, "score": score}
        for image_id, category_id, box, score in rows
    ]
