"""Street scenes as a COCO detection data set."""

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from pycocotools import mask as coco_mask

from mnv3.tools.files.write import write_encoded, write_json
from mnv3.tools.streets.classes import COCO_CATEGORIES
from mnv3.tools.streets.draw import Scene, draw_scene
from mnv3.tools.streets.folder import SPLITS, VERSION, Draw, ensure, scene_seed
from mnv3.tools.streets.scene.canvas import SUPERSAMPLING

JPEG_QUALITY = 90
FIRST_IMAGE_ID = {"train": 1, "val": 1_000_001}

# What a careful annotator leaves out (image pixels): things too small, too thin, or too hidden to tell.
SMALLEST_SIDE, SMALLEST_WIDTH, SMALLEST_AREA = 14, 5, 90
SMALLEST_VISIBLE_PART = 0.28


def annotate(scene: Scene) -> list[dict[str, Any]]:
    """COCO annotations (without ids) of a scene's things: boxes, areas and masks of what is visible of them."""
    annotations = []
    visible = np.bincount(scene.map.ravel(), minlength=256)
    for key, segment in enumerate(scene.segments):
        if segment.category is None or visible[key] < SMALLEST_AREA:
            continue
        mask = scene.map == key
        rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
        left, top = int(columns[0]), int(rows[0])
        width, height = int(columns[-1]) - left + 1, int(rows[-1]) - top + 1
        hidden = visible[key] * SUPERSAMPLING**2 < SMALLEST_VISIBLE_PART * segment.area
        if hidden or max(width, height) < SMALLEST_SIDE or min(width, height) < SMALLEST_WIDTH:
            continue
        annotations.append(
            {
                "category_id": COCO_CATEGORIES[segment.category][0],
                "bbox": [left, top, width, height],
                "area": int(visible[key]),
                "iscrowd": int(segment.crowd),
                "segmentation": _run_lengths(mask),
            }
        )
    return annotations


def _run_lengths(mask: np.ndarray) -> dict[str, Any]:
    """COCO's compressed run-length code of a mask [H, W], as JSON holds it."""
    code = coco_mask.encode(np.asfortranarray(mask.astype(np.uint8)))
    counts = code["counts"]
    return {"size": list(mask.shape), "counts": counts.decode() if isinstance(counts, bytes) else counts}


def _write_scene(target: Path, seed: int, size: tuple[int, int], task: tuple[str, int]) -> list[dict[str, Any]]:
    split, index = task
    scene = draw_scene(scene_seed(seed, split, index), size, trams=False)  # trams are no class of this data set
    path = target / split / _file_name(split, index)
    write_encoded(path, Image.fromarray(scene.image).save, quality=JPEG_QUALITY)
    return annotate(scene)


def _file_name(split: str, index: int) -> str:
    return f"{FIRST_IMAGE_ID[split] + index:012d}.jpg"


def _document(split: str, scenes: list[list[dict[str, Any]]], size: tuple[int, int]) -> dict[str, Any]:
    """The JSON of one split."""
    images, annotations = [], []
    for index, things in enumerate(scenes):
        image_id = FIRST_IMAGE_ID[split] + index
        images.append({"id": image_id, "file_name": _file_name(split, index), "height": size[0], "width": size[1]})
        for thing in things:
            annotations.append({"id": FIRST_IMAGE_ID[split] + len(annotations), "image_id": image_id, **thing})
    categories = [{"id": key, "name": name, "supercategory": group} for name, (key, group) in COCO_CATEGORIES.items()]
    info = {"description": f"street scenes, drawn by a program, {split}", "version": str(VERSION)}
    return {"info": info, "licenses": [], "images": images, "annotations": annotations, "categories": categories}


def _write(folder: Path, size: tuple[int, int], draw: Draw) -> None:
    for split in SPLITS:
        (folder / split).mkdir()
    for split, scenes in draw(_write_scene).items():
        write_json(folder / "annotations" / f"instances_{split}.json", _document(split, scenes, size))


ensure_coco = partial(ensure, "coco", _write)
"""Folder of a COCO data set of street scenes: annotations/instances_{train,val}.json, train/*.jpg and val/*.jpg."""
