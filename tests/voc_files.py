"""A tiny data set in VOC 2012's layout, drawn by the test that uses it."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from mnv3.lraspp.data.classes import VOC

SIZE = (40, 60)
"""Height and width of the images."""

LISTS = {"train": ("2007_000001", "2007_000002", "2008_000003"), "val": ("2009_000004", "2009_000005")}


class Thing(NamedTuple):
    """An object: class, corners counted from 1, both inclusive, and whether it is difficult."""

    name: str
    corners: tuple[float, float, float, float]
    difficult: str | None = "0"


THINGS = (Thing("dog", (11, 6, 30, 25)), Thing("person", (31, 1, 60, 40)), Thing("sofa", (1, 30, 20, 40), "1"))


def write_voc(folder: Path, lists: dict[str, Sequence[str]] | None = None) -> Path:
    """Write `folder` (VOC2012) with the same THINGS in every image, and all lists; return it."""
    lists = dict(lists or LISTS)
    lists.setdefault("trainval", [name for names in lists.values() for name in names])
    for kind in ("Main", "Segmentation"):
        (folder / "ImageSets" / kind).mkdir(parents=True)
        for split, names in lists.items():
            (folder / "ImageSets" / kind / f"{split}.txt").write_text("".join(f"{name}\n" for name in names))
    for part in ("JPEGImages", "Annotations", "SegmentationClass"):
        (folder / part).mkdir()
    for number, name in enumerate(lists["trainval"]):
        values = label_values()
        rng = np.random.default_rng(number)
        image = rng.integers(0, 60, (*SIZE, 3), dtype=np.uint8) + (values[..., None] * 7).astype(np.uint8)
        Image.fromarray(image.astype(np.uint8)).save(folder / "JPEGImages" / f"{name}.jpg")
        label = Image.fromarray(values, mode="P")
        colours = {entry.id: entry.colour for entry in VOC} | {255: (224, 224, 192)}
        label.putpalette([part for value in range(256) for part in colours.get(value, (0, 0, 0))])
        label.save(folder / "SegmentationClass" / f"{name}.png")
        (folder / "Annotations" / f"{name}.xml").write_text(annotation(name))
    return folder


def label_values() -> np.ndarray:
    """Values of a label file: a dog with its border, a person."""
    values = np.zeros(SIZE, np.uint8)
    values[:, 30:] = 15
    values[4:26, 9:31] = 255
    values[5:25, 10:30] = 12
    return values


def annotation(name: str, things: Sequence[Thing] = THINGS, size: tuple[object, object] = SIZE) -> str:
    """An annotation file as VOC's, with a person's head as a part."""
    objects = "".join(map(_object, things))
    height, width = size
    return (
        f"<annotation>\n\t<folder>VOC2012</folder>\n\t<filename>{name}.jpg</filename>\n"
        f"\t<size><width>{width}</width><height>{height}</height><depth>3</depth></size>\n"
        f"\t<segmented>1</segmented>\n{objects}</annotation>\n"
    )


def _object(thing: Thing) -> str:
    box = "".join(
        f"<{side}>{value}</{side}>"
        for side, value in zip(("xmax", "xmin", "ymax", "ymin"), [thing.corners[i] for i in (2, 0, 3, 1)], strict=True)
    )
    difficult = "" if thing.difficult is None else f"<difficult>{thing.difficult}</difficult>"
    part = "<part><name>head</name><bndbox><xmin>32</xmin><ymin>1</ymin><xmax>40</xmax><ymax>9</ymax></bndbox></part>"
    part = part if thing.name == "person" else ""
    return f"\t<object><name>{thing.name}</name><pose>Left</pose>{difficult}<bndbox>{box}</bndbox>{part}</object>\n"
