"""Street scenes in the layout of Cityscapes' fine annotations."""

from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image

from mnv3.tools.files.write import write_encoded
from mnv3.tools.streets.classes import FIRST_INSTANCE_LABEL
from mnv3.tools.streets.draw import Scene, draw_scene
from mnv3.tools.streets.folder import SPLITS, Draw, ensure, scene_seed

CITIES = {"train": ("aachen", "bochum", "hamburg"), "val": ("frankfurt", "lindau", "munster")}
FRAME = 19  # Cityscapes annotates the 20th frame of each snippet
PNG_LEVEL = 2  # of 9: noisy pictures gain next to nothing from more


def label_maps(scene: Scene) -> tuple[np.ndarray, np.ndarray]:
    """Label ids [H, W] uint8 and instance ids [H, W] uint16: label * 1000 + number for things, the label for others."""
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


def _write(folder: Path, size: tuple[int, int], draw: Draw) -> None:
    for split in SPLITS:
        for kind in ("leftImg8bit", "gtFine"):
            for city in CITIES[split]:
                (folder / kind / split / city).mkdir(parents=True)
    draw(_write_scene)


ensure_cityscapes = partial(ensure, "cityscapes", _write)
"""Folder of a Cityscapes-like data set of street scenes, with Cityscapes' own label ids; unlike `ensure_coco`'s, they
have trams. It holds {leftImg8bit,gtFine}/{train,val}/<city>/<city>_<6 digits>_<6 digits>_{leftImg8bit,gtFine_labelIds,
gtFine_instanceIds}.png."""
