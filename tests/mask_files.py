"""The same images and masks in five label formats, written by the test that uses them."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from PIL import Image, ImageDraw

NAMES = ("background", "leaf", "rot")
COLOURS = ((0, 0, 0), (40, 200, 60), (220, 40, 40))

Corners = tuple[tuple[int, int], ...]
"""Of a polygon whose sides are along the axes, in pixels that are inside of it, edges included."""


class Drawn(NamedTuple):
    """An image: name, height and width, objects with class index and outline in the order painted, and its split."""

    name: str
    size: tuple[int, int]
    objects: tuple[tuple[int, Corners], ...]
    split: str

    @property
    def ids(self) -> np.ndarray:
        """[H, W] uint8, painted by Pillow."""
        canvas = Image.new("L", (self.size[1], self.size[0]), 0)
        for index, corners in self.objects:
            ImageDraw.Draw(canvas).polygon(list(corners), outline=index, fill=index)
        return np.array(canvas)

    def save(self, folder: Path) -> None:
        """Draw the image into `folder`."""
        folder.mkdir(parents=True, exist_ok=True)
        rng = np.random.default_rng(int(self.name[6:8]))
        noise = rng.integers(0, 60, (*self.size, 3), dtype=np.uint8)
        Image.fromarray(noise + np.array(COLOURS, np.uint8)[self.ids] // 2).save(folder / self.name, quality=95)


def draw(count: int = 10, val: int = 3, side: int = 48) -> list[Drawn]:
    """Images of different sizes with 1 to 3 L-shaped objects each; the last `val` are for validation."""
    rng = np.random.default_rng(0)
    drawn = []
    for number in range(count):
        height, width = int(rng.integers(side, side + 20)), int(rng.integers(side, side + 20))
        objects = []
        for place in range(int(rng.integers(1, 4)) if number else 3):
            left, top = int(rng.integers(0, width - 20)), int(rng.integers(0, height - 20))
            right, bottom = int(rng.integers(left + 10, width)), int(rng.integers(top + 10, height))
            x, y = (left + right) // 2, (top + bottom) // 2
            corners = ((left, top), (right, top), (right, y), (x, y), (x, bottom), (left, bottom))
            objects.append((1 + (place + number) % 2, corners))
        split = "val" if number >= count - val else "train"
        drawn.append(Drawn(f"frame {number:02}.jpg", (height, width), tuple(objects), split))
    return drawn


def write(path: Path, content: Any) -> None:
    """Write text, or JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else json.dumps(content))


def save(path: Path, pixels: np.ndarray, palette: bool = False) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    image = Image.fromarray(pixels, mode="P") if palette else Image.fromarray(pixels)
    if palette:
        image.putpalette([channel for colour in COLOURS for channel in colour])
    image.save(path)


def write_ids(folder: Path, drawn: list[Drawn]) -> None:
    """Grey PNGs in images/ and masks/, each with folders of the splits."""
    write(folder / "classes.txt", "".join(f"{name}\n" for name in NAMES))
    for image in drawn:
        image.save(folder / "images" / image.split)
        save(folder / "masks" / image.split / f"{image.name[:-4]}.png", image.ids)


def write_palette(folder: Path, drawn: list[Drawn]) -> None:
    """As CamVid: train/ and trainannot/, with a palette."""
    write(folder / "classes.txt", "".join(f"{name}\n" for name in NAMES))
    for image in drawn:
        image.save(folder / image.split)
        save(folder / f"{image.split}annot" / f"{image.name[:-4]}.png", image.ids, palette=True)


def write_cvat(folder: Path, drawn: list[Drawn]) -> None:
    """As CVAT's "Segmentation mask 1.1"."""
    lines = [f"{name}:{','.join(map(str, colour))}::\n" for name, colour in zip(NAMES, COLOURS, strict=True)]
    write(folder / "labelmap.txt", "# label:color_rgb:parts:actions\n" + "".join(lines))
    for split in {image.split for image in drawn}:
        names = "".join(f"{image.name[:-4]}\n" for image in drawn if image.split == split)
        write(folder / "ImageSets" / "Segmentation" / f"{split.title()}.txt", names)
    for image in drawn:
        image.save(folder / "JPEGImages")
        name = f"{image.name[:-4]}.png"
        save(folder / "SegmentationClass" / name, np.array(COLOURS, np.uint8)[image.ids])
        save(folder / "SegmentationObject" / name, np.array(COLOURS, np.uint8)[image.ids[:, ::-1]])


def labelme_document(image: Drawn) -> dict[str, Any]:
    shapes = [
        {"label": NAMES[index], "points": [list(map(float, corner)) for corner in corners], "shape_type": "polygon"}
        for index, corners in image.objects
    ]
    height, width = image.size
    about = {"imagePath": f"..\\photos\\{image.name}", "imageData": None, "imageHeight": height, "imageWidth": width}
    return {"version": "5.4.1", "flags": {}, "shapes": shapes, **about}


def write_labelme(folder: Path, drawn: list[Drawn]) -> None:
    for image in drawn:
        image.save(folder / image.split)
        write(folder / image.split / f"{image.name[:-4]}.json", labelme_document(image))


def edges(corners: Corners) -> list[int]:
    """The outline around the pixels of an L-shape, along their edges, as COCO has it."""
    (left, top), (right, _), (_, y), (x, _), (_, bottom), _ = corners
    return [left, top, right + 1, top, right + 1, y + 1, x + 1, y + 1, x + 1, bottom + 1, left, bottom + 1]


def coco_document(drawn: list[Drawn], prefix: str = "") -> dict[str, Any]:
    annotations: list[dict[str, Any]] = []
    for number, image in enumerate(drawn, start=1):
        for index, corners in image.objects:
            entry = {"image_id": number, "category_id": 10 * index, "segmentation": [edges(corners)], "iscrowd": 0}
            annotations.append({"id": len(annotations) + 1, **entry})
    categories = [{"id": 10 * index, "name": NAMES[index], "supercategory": "plant"} for index in (2, 1)]
    images = [
        {"id": number, "file_name": prefix + image.name, "height": image.size[0], "width": image.size[1]}
        for number, image in enumerate(drawn, start=1)
    ]
    return {"images": images, "categories": categories, "annotations": annotations}


def write_coco(folder: Path, drawn: list[Drawn]) -> None:
    """As Roboflow exports it."""
    for split in {image.split for image in drawn}:
        own = [image for image in drawn if image.split == split]
        place = folder / {"val": "valid"}.get(split, split)
        write(place / "_annotations.coco.json", coco_document(own))
        for image in own:
            image.save(place)


WRITERS: dict[str, Callable[[Path, list[Drawn]], None]] = {
    "ids": write_ids,
    "palette": write_palette,
    "CVAT": write_cvat,
    "LabelMe": write_labelme,
    "COCO": write_coco,
}
