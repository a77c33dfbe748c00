"""The same images and boxes in eight label formats, written by the test that uses them."""

import csv
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from PIL import Image, ImageDraw

NAMES = ("bus", "car", "dog")
COLOURS = ((220, 40, 40), (40, 200, 60), (60, 80, 230))

Box = tuple[str, int, int, int, int]
"""Class and corners: left, top, right, bottom edge in pixels."""


class Drawn(NamedTuple):
    """An image: name, height and width, boxes, and the split it is in."""

    name: str
    size: tuple[int, int]
    boxes: tuple[Box, ...]
    split: str

    def save(self, folder: Path) -> None:
        """Draw it into `folder`."""
        folder.mkdir(parents=True, exist_ok=True)
        image = Image.new("RGB", (self.size[1], self.size[0]), (128, 128, 128))
        for name, left, top, right, bottom in self.boxes:
            ImageDraw.Draw(image).rectangle((left, top, right - 1, bottom - 1), fill=COLOURS[NAMES.index(name)])
        image.save(folder / self.name, quality=90)


def draw(count: int = 40, val: int = 10) -> list[Drawn]:
    """Images of different sizes with 1 to 4 boxes each, but for one without; the last `val` are for validation."""
    rng = np.random.default_rng(0)
    drawn = []
    for number in range(count):
        height, width = int(rng.integers(60, 120)), int(rng.integers(60, 120))
        boxes = []
        for _ in range(0 if number == 5 else int(rng.integers(1, 5))):
            left, top = int(rng.integers(0, width - 20)), int(rng.integers(0, height - 20))
            right, bottom = int(rng.integers(left + 8, width + 1)), int(rng.integers(top + 8, height + 1))
            boxes.append((NAMES[int(rng.integers(3))], left, top, right, bottom))
        split = "val" if number >= count - val else "train"
        drawn.append(Drawn(f"frame {number:02}.jpg", (height, width), tuple(boxes), split))
    return drawn


def by_split(drawn: list[Drawn]) -> Iterator[tuple[str, list[Drawn]]]:
    for split in dict.fromkeys(image.split for image in drawn):
        yield split, [image for image in drawn if image.split == split]


def write(path: Path, content: Any) -> None:
    """Write text, or JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else json.dumps(content))


def coco_document(drawn: list[Drawn], prefix: str = "", *, root: bool = False) -> dict[str, Any]:
    """A COCO document; `root`: with the category that Roboflow puts above the others."""
    categories: list[dict[str, Any]] = [{"id": 0, "name": "things", "supercategory": "none"}] if root else []
    categories += [{"id": i + 1, "name": name, "supercategory": "things"} for i, name in enumerate(NAMES)]
    annotations: list[dict[str, Any]] = []
    for number, image in enumerate(drawn, start=1):
        for name, left, top, right, bottom in image.boxes:
            box = [left, top, right - left, bottom - top]
            entry = {"image_id": number, "category_id": NAMES.index(name) + 1, "bbox": box, "iscrowd": 0}
            annotations.append({"id": len(annotations) + 1, **entry, "area": box[2] * box[3]})
    images = [
        {"id": number, "file_name": prefix + image.name, "height": image.size[0], "width": image.size[1]}
        for number, image in enumerate(drawn, start=1)
    ]
    return {"images": images, "categories": categories, "annotations": annotations}


def write_coco(folder: Path, drawn: list[Drawn]) -> None:
    """As CVAT exports it."""
    for split, images in by_split(drawn):
        write(folder / "annotations" / f"instances_{split.title()}.json", coco_document(images))
        for image in images:
            image.save(folder / "images" / split.title())


def write_roboflow(folder: Path, drawn: list[Drawn]) -> None:
    write(folder / "README.roboflow.txt", "Exported.")
    for split, images in by_split(drawn):
        place = folder / {"val": "valid"}.get(split, split)
        write(place / "_annotations.coco.json", coco_document(images, root=True))
        for image in images:
            image.save(place)


def write_label_studio(folder: Path, drawn: list[Drawn]) -> None:
    """COCO exported from Label Studio, once for each split."""
    for split, images in by_split(drawn):
        write(folder / split / "result.json", coco_document(images, r"..\..\label-studio\data\upload\1" + "\\"))
        for image in images:
            image.save(folder / split / "images")


def yolo_line(name: str, left: int, top: int, right: int, bottom: int, size: tuple[int, int]) -> str:
    height, width = size
    shares = ((left + right) / 2 / width, (top + bottom) / 2 / height, (right - left) / width, (bottom - top) / height)
    return f"{NAMES.index(name)} {' '.join(map(str, shares))}\n"


def write_yolo(folder: Path, drawn: list[Drawn]) -> None:
    """As Roboflow exports it."""
    write(
        folder / "data.yaml",
        f"train: ../train/images\nval: ../valid/images\ntest: ../test/images\n\nnc: 3\nnames: {json.dumps(NAMES)}\n",
    )
    for split, images in by_split(drawn):
        place = folder / {"val": "valid"}.get(split, split)
        for image in images:
            image.save(place / "images")
            if image.boxes:
                lines = [yolo_line(*box, image.size) for box in image.boxes]
                write(place / "labels" / f"{image.name[:-4]}.txt", "".join(lines))


def voc_annotation(image: Drawn) -> str:
    objects = "".join(
        f"<object><name>{name}</name><bndbox><xmin>{left + 1}</xmin><ymin>{top + 1}</ymin>"
        f"<xmax>{right}</xmax><ymax>{bottom}</ymax></bndbox></object>"
        for name, left, top, right, bottom in image.boxes
    )
    height, width = image.size
    size = f"<size><width>{width}</width><height>{height}</height><depth>3</depth></size>"
    return f'<annotation verified="yes"><filename>{image.name}</filename>{size}{objects}</annotation>'


def write_voc(folder: Path, drawn: list[Drawn]) -> None:
    for split, images in by_split(drawn):
        write(folder / "ImageSets" / "Main" / f"{split}.txt", "".join(f"{image.name[:-4]}\n" for image in images))
        for image in images:
            image.save(folder / "JPEGImages")
            write(folder / "Annotations" / f"{image.name[:-4]}.xml", voc_annotation(image))


def labelme_document(image: Drawn) -> dict[str, Any]:
    """Rectangles drawn from any corner, and polygons in turn."""
    shapes = []
    for number, (name, left, top, right, bottom) in enumerate(image.boxes):
        corners = [[right, top], [left, bottom]]
        outline = [[left, top], [right, top], [right, bottom], [left, bottom]]
        kind, points = ("polygon", outline) if number % 2 else ("rectangle", corners)
        shapes.append({"label": name, "points": points, "shape_type": kind, "group_id": None, "flags": {}})
    height, width = image.size
    about = {"imagePath": image.name, "imageData": None, "imageHeight": height, "imageWidth": width}
    return {"version": "5.4.1", "flags": {}, "shapes": shapes, **about}


def write_labelme(folder: Path, drawn: list[Drawn]) -> None:
    for split, images in by_split(drawn):
        for image in images:
            image.save(folder / split)
            write(folder / split / f"{image.name[:-4]}.json", labelme_document(image))


def cvat_document(drawn: list[Drawn]) -> str:
    """Boxes and polygons in turn."""
    labels = "".join(f"<label><name>{name}</name><color>#ff0000</color></label>" for name in NAMES)
    images = []
    for number, image in enumerate(drawn):
        shapes = []
        for place, (name, left, top, right, bottom) in enumerate(image.boxes):
            corners = f"{left},{top};{right},{top};{right},{bottom};{left},{bottom}"
            shapes.append(
                f'<polygon label="{name}" points="{corners}" occluded="0"></polygon>'
                if place % 2
                else f'<box label="{name}" xtl="{left}.00" ytl="{top}.00" xbr="{right}" ybr="{bottom}"></box>'
            )
        height, width = image.size
        about = f'id="{number}" name="{image.name}" subset="{image.split}" width="{width}" height="{height}"'
        images.append(f"<image {about}>{''.join(shapes)}</image>")
    meta = f"<version>1.1</version><meta><task><labels>{labels}</labels></task></meta>"
    return f'<?xml version="1.0" encoding="utf-8"?>\n<annotations>{meta}{"".join(images)}</annotations>'


def write_cvat(folder: Path, drawn: list[Drawn]) -> None:
    write(folder / "annotations.xml", cvat_document(drawn))
    for image in drawn:
        image.save(folder / "images")


def write_csv(folder: Path, drawn: list[Drawn]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "labels.csv").open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["filename", "width", "height", "class", "xmin", "ymin", "xmax", "ymax", "split"])
        for image in drawn:
            image.save(folder / "images")
            for name, *corners in image.boxes or [("", "", "", "", "")]:
                table.writerow([image.name, *image.size[::-1], name, *corners, image.split])


WRITERS: dict[str, Callable[[Path, list[Drawn]], None]] = {
    "COCO": write_coco,
    "Roboflow": write_roboflow,
    "YOLO": write_yolo,
    "VOC": write_voc,
    "LabelMe": write_labelme,
    "CVAT": write_cvat,
    "Label Studio": write_label_studio,
    "CSV": write_csv,
}
