"""What TensorFlow.js computes with the authors' SSDLite MobileNetV2 of 2018 on ten images, and detections from it."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

Output = tuple[np.ndarray, np.ndarray]
"""Of an image: boxes [1917, 4] as shares of the image in the order y, x, y, x; scores [1917, 90] without background."""


def read_outputs(test_data: Path) -> Mapping[str, Output]:
    """By name of the image in coco_sample/val2017."""
    arrays = np.load(test_data / "elsewhere" / "coco_ssd" / "outputs_tfjs.npz")
    names = [name.removeprefix("scores_") for name in arrays.files if name.startswith("scores_")]
    assert len(names) == 10
    return {name: (arrays[f"boxes_{name}"], arrays[f"scores_{name}"]) for name in names}


def suppressed(boxes: np.ndarray, scores: np.ndarray) -> list[tuple[int, float, np.ndarray]]:
    """(slot, score, box), best first, by the rule of the authors' configuration: a box stays unless it overlaps a
    better one of its class by more than 0.6; scores above 1e-8, 100 boxes of a class and 100 in all."""
    area = np.prod(np.clip(boxes[:, 2:] - boxes[:, :2], 0, None), 1)
    kept: dict[int, list[int]] = {}
    found: list[tuple[int, float, np.ndarray]] = []
    for place in np.argsort(-scores, axis=None, kind="stable"):
        i, column = divmod(int(place), scores.shape[1])
        if scores[i, column] <= 1e-8 or len(found) == 100:
            break
        better = kept.setdefault(column, [])
        low, high = np.maximum(boxes[better, :2], boxes[i, :2]), np.minimum(boxes[better, 2:], boxes[i, 2:])
        overlap = np.prod(np.clip(high - low, 0, None), 1)
        if (overlap <= 0.6 * (area[better] + area[i] - overlap)).all():
            better.append(i)
            found.append((column + 1, float(scores[i, column]), boxes[i]))
    return found
