"""Street scenes as a COCO detection data set."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from pycocotools import mask as coco_mask

from mnv3.tools.files.write import write_encoded, write_json
from mnv3.tools.streets.classes import COCO_CATEGORIES
from mnv3.tools.streets.draw import Scene, draw_scene
from mnv3.tools.streets.folder import SPLITS, VERSION, ensure_scenes, map_tasks, reporter, scene_seed
from mnv3.tools.streets.scene.canvas import SUPERSAMPLING

JPEG_QUALITY = 90
FIRST_IMAGE_ID = {"train": 1, "val": 1_000_001}

# What a careful annotator leaves out (image pixels): things too small, too thin, or too hidden to recognise.
SMALLEST_SIDE, SMALLEST_WIDTH, SMALLEST_AREA = 14, 5, 90
SMALLEST_VISIBLE_PART = 0.28


def ensure_coco(
    root: Path,
    *,
    seed: int = 0,
    train: int = 1000,
    val: int = 200,
    image_size: tuple[int, int] = (360, 480),
    log: Callable[[str], None] = print,
    processes: int | None = None,
) -> Path:
    """Draw a COCO data set of street scenes under `root` if missing (20 s for 1000 on two cores); return its folder.

    It has annotations/instances_{train,val}.json, train/*.jpg and val/*.jpg; image_size is (height, width) in pixels.
    The same parameters give the same bytes for any number of processes. Raises UserError for invalid parameters.
    """

    def draw(target: Path, tasks: list[tuple[str, int]]) -> None:
        for split in SPLITS:
            (target / split).mkdir()
        work = partial(_write_scene, target, seed, image_size)
        results = map_tasks(work, tasks, processes, reporter(log, len(tasks)))
        for split in SPLITS:
            scenes = [result for (name, _), result in zip(tasks, results, strict=True) if name == split]
            write_json(target / "annotations" / f"instances_{split}.json", _document(split, scenes, image_size))

    return ensure_scenes(root, "coco", seed, (train, val), image_size, log, draw)


def annotate(scene: Scene) -> list[dict[str, Any]]:
    """Return COCO annotations (without ids) of a scene's things: boxes, areas and masks of their visible parts."""
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
    """Return COCO's compressed run-length code of a mask [H, W], for JSON."""
    code = coco_mask.encode(np.asfortranarray(mask.astype(np.uint8)))
    counts = code["counts"]
    return {"size": list(mask.shape), "counts": counts.decode() if isinstance(counts, bytes) else counts}


def _write_scene(target: Path, seed: int, size: tuple[int, int], task: tuple[str, int]) -> list[dict[str, Any]]:
    split, index = task
    scene = draw_scene(scene_seed(seed, split, index), size, trams=False)  # this data set has no class for trams
    path = target / split / _file_name(split, index)
    write_encoded(path, Image.fromarray(scene.image).save, quality=JPEG_QUALITY)
    return annotate(scene)


def _file_name(split: str, index: int) -> str:
    return f"{FIRST_IMAGE_ID[split] + index:012d}.jpg"


def _document(split: str, scenes: list[list[dict[str, Any]]], size: tuple[int, int]) -> dict[str, Any]:
    """Return the JSON of one split."""
    images, annotations = [], []
    for index, things in enumerate(scenes):
        image_id = FIRST_IMAGE_ID[split] + index
        images.append({"id": image_id, "file_name": _file_name(split, index), "height": size[0], "width": size[1]})
        for thing in things:
            annotations.append({"id": FIRST_IMAGE_ID[split] + len(annotations), "image_id": image_id, **thing})
    categories = [{"id": key, "name": name, "supercategory": group} for name, (key, group) in COCO_CATEGORIES.items()]
    info = {"description": f"street scenes, drawn by a program, {split}", "version": str(VERSION)}
    return {"info": info, "licenses": [], "images": images, "annotations": annotations, "categories": categories}
