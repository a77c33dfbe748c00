"""Made-up data sets and detections for the tests of scoring."""

import json
from pathlib import Path

import numpy as np
import torch

from mnv3.ssdlite.data.coco.annotations import CocoData, load_coco
from mnv3.ssdlite.model.targets import Detections


def data_set(folder: Path, seed: int = 0, images: int = 11, classes: int = 4, crowds: float = 0.1) -> CocoData:
    """Random boxes, some crowds, some images without any; category ids have gaps, and are not the slots."""
    rng = np.random.default_rng(seed)
    ids = np.sort(rng.choice(10_000, images, replace=False)).tolist()
    owners = np.repeat(ids, rng.integers(0, 7, images)).tolist()
    annotations = [
        {
            "id": n,
            "image_id": owner,
            "category_id": int(rng.integers(1, classes + 1)) * 10,
            "bbox": (box := np.concatenate([rng.uniform(0, 150, 2), rng.uniform(4, 120, 2)]).round(2).tolist()),
            "area": 0.8 * box[2] * box[3],
            "iscrowd": int(rng.random() < crowds),
        }
        for n, owner in enumerate(owners, start=100)
    ]
    instances = {
        "images": [{"id": i, "file_name": f"{i}.jpg", "height": 300, "width": 300} for i in ids],
        "annotations": annotations,
        "categories": [{"id": 10 * (k + 1), "name": f"kind {k}"} for k in range(classes)],
    }
    path = folder / f"made_up_{seed}_{images}_{classes}_{crowds}.json"
    path.write_text(json.dumps(instances))
    return load_coco(path, folder)


def detections(data: CocoData, seed: int = 0, most: int = 40) -> Detections:
    """The truth of every image shaken, some of it missed, misnamed or doubled, and false alarms; N = len(data)."""
    rng = np.random.default_rng(seed)
    images = len(data)
    found = Detections(
        torch.zeros(images, most, 4),
        torch.zeros(images, most),
        torch.full((images, most), -1),
        torch.zeros(images, dtype=torch.int64),
    )
    for i in range(images):
        rows = np.arange(data.starts[i], data.starts[i + 1])
        rows = np.repeat(rows, rng.choice([0, 1, 1, 1, 2], len(rows)))
        boxes = data.boxes[rows]
        corners = np.concatenate([boxes[:, :2], boxes[:, :2] + boxes[:, 2:]], axis=1)
        corners += rng.normal(0, 0.1, corners.shape) * np.tile(boxes[:, 2:], 2)
        slots = data.slots[rows]
        slots = np.where(rng.random(len(rows)) < 0.2, rng.integers(1, data.num_slots, len(rows)), slots)
        low = rng.uniform(0, 150, (3, 2))
        corners = np.concatenate([corners, np.concatenate([low, low + rng.uniform(5, 90, (3, 2))], axis=1)])[:most]
        slots = np.concatenate([slots, rng.integers(1, data.num_slots, 3)])[:most]
        scores = np.sort(rng.random(len(slots)).round(2))[::-1]  # two decimals: ties happen
        found.boxes[i, : len(slots)] = torch.from_numpy(np.sort(corners.reshape(-1, 2, 2), axis=1).reshape(-1, 4))
        found.scores[i, : len(slots)] = torch.from_numpy(scores.copy())
        found.slots[i, : len(slots)] = torch.from_numpy(slots)
        found.counts[i] = len(slots)
    return found
