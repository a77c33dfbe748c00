"""Street scenes in the layout of Cityscapes' fine annotations."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image

from mnv3.tools.files.write import write_encoded
from mnv3.tools.streets.classes import FIRST_INSTANCE_LABEL
from mnv3.tools.streets.draw import Scene, draw_scene
from mnv3.tools.streets.folder import SPLITS, ensure_scenes, map_tasks, reporter, scene_seed

CITIES = {"train": ("aachen", "bochum", "hamburg"), "val": ("frankfurt", "lindau", "munster")}
FRAME = 19  # Cityscapes annotates the 20th frame of each snippet
PNG_LEVEL = 2  # of 9: noisy pictures gain little from more


def ensure_cityscapes(
    root: Path,
    *,
    seed: int = 0,
    train: int = 1000,
    val: int = 200,
    image_size: tuple[int, int] = (360, 480),
    log: Callable[[str], None] = print,
    processes: int | None = None,
) -> Path:
    """Return the folder of a Cityscapes-like data set of street scenes under `root`, drawn on the first call.

    It has {leftImg8bit,gtFine}/{train,val}/<city>/<city>_<6 digits>_<6 digits>_{leftImg8bit,gtFine_labelIds,
    gtFine_instanceIds}.png with Cityscapes' own label ids; image_size is (height, width) in pixels. Unlike those of
    `ensure_coco`, the scenes have trams. Raises UserError for invalid parameters.
    """

    def draw(target: Path, tasks: list[tuple[str, int]]) -> None:
        for split in SPLITS:
            for kind in ("leftImg8bit", "gtFine"):
                for city in CITIES[split]:
                    (target / kind / split / city).mkdir(parents=True)
        map_tasks(partial(_write_scene, target, seed, image_size), tasks, processes, reporter(log, len(tasks)))

    return ensure_scenes(root, "cityscapes", seed, (train, val), image_size, log, draw)


def label_maps(scene: Scene) -> tuple[np.ndarray, np.ndarray]:
    """Return label ids [H, W] uint8 and instance ids [H, W] uint16: label * 1000 + number of things, else the label."""
    labels, instances = np.zeros(256, np.uint8), np.zeros(256, np.uint16)
    numbers: dict[int, int] = {}
    for key in np.flatnonzero(np.bincount(scene.map.ravel(), minlength=256)):
        segment = scene.segments[key]
        labels[key] = instances[key] = segment.label
        if segment.label >= FIRST_INSTANCE_LABEL and not segment.crowd:
            number = numbers.get(segment.label, 0)
            numbers[segment.label] = number + 1
            instances[key] = segment.label * 1000 + number
    return labels[scene.map], instances[scene.map]


def _write_scene(target: Path, seed: int, size: tuple[int, int], task: tuple[str, int]) -> None:
    split, index = task
    scene = draw_scene(scene_seed(seed, split, index), size)
    labels, instances = label_maps(scene)
    city = CITIES[split][index % len(CITIES[split])]
    for kind, suffix, pixels in (
        ("leftImg8bit", "leftImg8bit", scene.image),
        ("gtFine", "gtFine_labelIds", labels),
        ("gtFine", "gtFine_instanceIds", instances),
    ):
        path = target / kind / split / city / f"{city}_{index:06d}_{FRAME:06d}_{suffix}.png"
        write_encoded(path, Image.fromarray(pixels).save, compress_level=PNG_LEVEL)
