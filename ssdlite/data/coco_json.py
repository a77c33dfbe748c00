"""Reading a COCO instances file: every mistake of the file is found before anything is built on it."""

import json
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from tools.errors import UserError

EXAMPLES = 5
"""How many offenders a sentence names; it counts them all."""

NEEDED = {
    "images": {"id": int, "file_name": str, "height": int, "width": int},
    "categories": {"id": int, "name": str},
    "annotations": {"image_id": int, "category_id": int, "bbox": list},
}
"""The keys we read, of the official format; "area" and "iscrowd" are filled in where a file leaves them out."""


class Instances(NamedTuple):
    """`category_names`: id -> name. `arrays`: the array fields of CocoData, by name, and `has_annotations`."""

    category_names: dict[int, str]
    arrays: dict[str, Any]


@dataclass
class Mistakes:
    """Sentences about one file, one a kind of mistake."""

    path: Path
    sentences: list[str] = field(default_factory=list)

    def add(self, what: str, offenders: Iterable[Any]) -> None:
        """`what` is wrong with `offenders`, if there are any."""
        offenders = list(offenders)
        if offenders:
            self.sentences.append(f"{self.path}: {what}: {listed(offenders)}.")

    def raise_if_any(self) -> None:
        if self.sentences:
            raise UserError(*self.sentences)


def listed(offenders: list[Any]) -> str:
    """The first few, and how many there are."""
    more = f" and {len(offenders) - EXAMPLES} more" if len(offenders) > EXAMPLES else ""
    return ", ".join(map(str, offenders[:EXAMPLES])) + more


def read_instances(path: Path) -> Instances:
    """Parse and check `path`. Raises UserError, one sentence a kind of mistake."""
    document = _read_document(path)
    mistakes = Mistakes(path)
    for part, keys in NEEDED.items():
        _check_keys(document.get(part, []), part, keys, mistakes)
    mistakes.raise_if_any()  # what follows reads these keys
    images, categories = document["images"], document["categories"]
    annotations = document.get("annotations", [])
    _check_values(images, categories, annotations, mistakes)
    mistakes.raise_if_any()
    arrays = _arrays(images, annotations)
    _check_box_convention(arrays, mistakes)
    mistakes.raise_if_any()
    names = {category["id"]: category["name"] for category in categories}
    return Instances(names, {**arrays, "has_annotations": "annotations" in document})


def _read_document(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            document = json.load(file, object_hook=_without_outline)
    except FileNotFoundError:
        raise UserError(f"Annotation file {path} does not exist.") from None
    except OSError as error:
        raise UserError(f"Annotation file {path} cannot be read: {error.strerror}.") from None
    except ValueError as error:  # json's and unicode's errors
        raise UserError(f"{path} is not JSON, or is cut short: {error}.") from None
    wanted = ("images", "categories")
    if not isinstance(document, dict) or any(not isinstance(document.get(part), list) for part in wanted):
        raise UserError(f'{path} is not a COCO file: it needs the lists "images", "categories" and "annotations".')
    if not isinstance(document.get("annotations", []), list):
        raise UserError(f'{path} is not a COCO file: its "annotations" are not a list.')
    empty = [part for part in wanted if not document[part]]
    if empty:
        raise UserError(f"{path} has no {' and no '.join(empty)}.")
    return document


def _without_outline(entry: dict[str, Any]) -> dict[str, Any]:
    """Outlines are nearly all of a COCO file, and not of use here: dropped at once, or they would fill gigabytes."""
    entry.pop("segmentation", None)
    return entry


def _check_keys(entries: list[Any], part: str, keys: dict[str, type], mistakes: Mistakes) -> None:
    def lacks(entry: Any) -> bool:
        return not isinstance(entry, dict) or any(type(entry.get(key)) is not kind for key, kind in keys.items())

    wanted = ", ".join(f'"{key}" ({"a list" if kind is list else kind.__name__})' for key, kind in keys.items())
    mistakes.add(f"each of {part} needs {wanted}; not so at place", _where(entries, lacks))


def _where(entries: list[Any], wrong: Callable[[Any], bool]) -> list[int]:
    return [place for place, entry in enumerate(entries) if wrong(entry)]


def _repeated(values: Iterable[Any]) -> list[Any]:
    return [value for value, count in Counter(values).items() if count > 1]


def _check_values(images: list[dict], categories: list[dict], annotations: list[dict], mistakes: Mistakes) -> None:
    image_ids = {image["id"] for image in images}
    category_ids = {category["id"] for category in categories}
    mistakes.add("image id used twice", _repeated(image["id"] for image in images))
    mistakes.add("image file listed twice", _repeated(image["file_name"] for image in images))
    mistakes.add("category id used twice", _repeated(category["id"] for category in categories))
    mistakes.add("category name used twice", _repeated(category["name"] for category in categories))
    mistakes.add("category id below 0", [i for i in category_ids if i < 0])
    mistakes.add("image of no size, id", [i["id"] for i in images if i["height"] < 1 or i["width"] < 1])
    mistakes.add("annotation id used twice", _repeated(a["id"] for a in annotations if "id" in a))
    unlisted = (a["image_id"] for a in annotations if a["image_id"] not in image_ids)
    mistakes.add("annotations for an image that is not listed, image id", dict.fromkeys(unlisted))
    unknown = (a["category_id"] for a in annotations if a["category_id"] not in category_ids)
    mistakes.add("annotations of an unknown category id", dict.fromkeys(unknown))
    mistakes.add("bbox is not four numbers, annotation at place", _where(annotations, _bad_box))
    mistakes.add(
        "area is not a number, annotation at place", _where(annotations, lambda a: _not_number(a.get("area", 0)))
    )


def _not_number(value: Any) -> bool:
    return type(value) not in (int, float) or not np.isfinite(value)


def _bad_box(annotation: dict) -> bool:
    box = annotation["bbox"]
    return len(box) != 4 or any(_not_number(value) for value in box)


def _arrays(images: list[dict], annotations: list[dict]) -> dict[str, np.ndarray]:
    place = {image["id"]: i for i, image in enumerate(images)}
    owner = np.array([place[a["image_id"]] for a in annotations], dtype=np.int64)
    order = np.argsort(owner, kind="stable")  # of one image: in the order of the file, which ties of scores depend on
    boxes = np.array([a["bbox"] for a in annotations], dtype=np.float64).reshape(-1, 4)
    areas = [a.get("area", a["bbox"][2] * a["bbox"][3]) for a in annotations]
    return {
        "image_ids": np.array(list(place), dtype=np.int64),
        "file_names": np.array([image["file_name"] for image in images]),
        "sizes": np.array([(image["height"], image["width"]) for image in images], dtype=np.int64),
        "starts": np.concatenate([[0], np.cumsum(np.bincount(owner, minlength=len(images)))]),
        "boxes": boxes[order],
        "category_ids": np.array([a["category_id"] for a in annotations], dtype=np.int64)[order],
        "crowd": np.array([bool(a.get("iscrowd", 0)) for a in annotations], dtype=bool)[order],
        "areas": np.array(areas, dtype=np.float64)[order],
    }


def _check_box_convention(arrays: dict[str, np.ndarray], mistakes: Mistakes) -> None:
    """Other tools' box conventions load without complaint and train to nothing: tell them by their numbers."""
    boxes = arrays["boxes"]
    if not len(boxes):
        return
    if (boxes[:, 2:] < 0).any():
        mistakes.add(
            "boxes of negative size; COCO has [x, y, width, height], pixels", boxes[(boxes[:, 2:] < 0).any(1)].tolist()
        )
    limits = np.repeat(arrays["sizes"][:, ::-1], np.diff(arrays["starts"]), axis=0)  # [A, 2] (W, H)
    as_corners = (boxes[:, 2:] > boxes[:, :2]).all() and (boxes[:, 2:] <= limits + 1).all()
    beyond = (boxes[:, :2] + boxes[:, 2:] > limits + 1).any(axis=1)
    if as_corners and beyond.mean() > 0.5:
        mistakes.add("boxes look like [x1, y1, x2, y2]; COCO has [x, y, width, height]", boxes[beyond].tolist())
    if boxes.max() <= 1 and (boxes[:, 2:] > 0).any():
        mistakes.add("boxes look like shares of the image; COCO has pixels", boxes.tolist())
