"""The images that a detection run shows in W&B."""

import json
from pathlib import Path

from PIL import Image

from mnv3.ssdlite.data.coco.annotations import CocoData, load_coco
from mnv3.ssdlite.evaluate.panels import sample_panels
from mnv3.ssdlite.evaluate.results import Result

SIZES = {1: (40, 60), 2: (50, 30)}
FOUND: list[Result] = [{"image_id": 2, "category_id": 7, "bbox": [1.0, 2.0, 10.0, 20.0], "score": 0.9}]


def two_images(folder: Path) -> CocoData:
    for number, (height, width) in SIZES.items():
        Image.new("RGB", (width, height), "white").save(folder / f"{number}.png")
    content = {
        "images": [{"id": n, "file_name": f"{n}.png", "height": h, "width": w} for n, (h, w) in SIZES.items()],
        "annotations": [
            {"id": n, "image_id": n, "category_id": 7, "bbox": [3, 4, 20, 30], "area": 600, "iscrowd": 0} for n in SIZES
        ],
        "categories": [{"id": 7, "name": "thing"}],
    }
    (folder / "data.json").write_text(json.dumps(content))
    return load_coco(folder / "data.json", folder)


def test_images_have_one_size_and_boxes_stay_where_they_are(tmp_path: Path) -> None:
    """W&B places boxes by the size of the first image of a list."""
    first, second = sample_panels(two_images(tmp_path), FOUND, 0.5)
    assert first.image.size == second.image.size == (60, 50)
    assert second.image.getpixel((29, 49)) == (255, 255, 255) and second.image.getpixel((30, 49)) == (0, 0, 0)
    (truth,), (found,) = (second._boxes[layer]._val for layer in ("truth", "predictions"))
    assert truth["position"] == {"minX": 3.0, "minY": 4.0, "maxX": 23.0, "maxY": 34.0}
    assert found["position"] == {"minX": 1.0, "minY": 2.0, "maxX": 11.0, "maxY": 22.0}


def test_an_image_that_is_said_to_be_huge_costs_nothing(tmp_path: Path) -> None:
    """Its size in the JSON is not that of the file, which is then left out."""
    data = two_images(tmp_path)
    document = json.loads(data.source.read_text())
    document["images"][0] |= {"height": 900_000, "width": 900_000}
    data.source.write_text(json.dumps(document))
    (only,) = sample_panels(load_coco(data.source, tmp_path), FOUND, 0.5)
    assert only.image.size == (30, 50)
