"""Tiny COCO data sets, written by the test that uses them."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image


class Files:
    """A folder with a COCO JSON and images; `document` may be changed before `write`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.json = folder / "boxes.json"
        self.images = folder / "images"
        self.images.mkdir()
        self.document = {
            "images": [{"id": 10 + i, "file_name": f"{i}.png", "height": 40 + 10 * i, "width": 60} for i in range(4)],
            "categories": [{"id": 7, "name": "cat"}, {"id": 3, "name": "dog"}],
            "annotations": [
                {"id": 1, "image_id": 10, "category_id": 7, "bbox": [5, 6, 20, 30], "area": 500, "iscrowd": 0},
                {"id": 2, "image_id": 12, "category_id": 3, "bbox": [0, 0, 60, 60], "area": 3600, "iscrowd": 1},
                {"id": 3, "image_id": 12, "category_id": 3, "bbox": [10.5, 20.25, 30, 20], "area": 600, "iscrowd": 0},
                {"id": 4, "image_id": 11, "category_id": 7, "bbox": [30, 10, 25, 35], "area": 875, "iscrowd": 0},
            ],
        }

    def write(self) -> Path:
        """Write JSON and images: noise, the same every time. Image 3 has no boxes."""
        rng = np.random.default_rng(0)
        for image in self.document["images"]:
            pixels = rng.integers(0, 256, (image["height"], image["width"], 3), dtype=np.uint8)
            Image.fromarray(pixels).save(self.images / image["file_name"])
        self.json.write_text(json.dumps(self.document))
        return self.json


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path)
