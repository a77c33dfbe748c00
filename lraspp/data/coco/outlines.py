"""Read the outlines of VOC's classes from a COCO instances file."""

import json
import os
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple

from mnv3.lraspp.data.coco.classes import CATEGORIES, INDEX
from mnv3.tools.errors import UserError
from mnv3.tools.text.plain import is_plain, listed

PARTS = ("images", "annotations", "categories")

LARGEST_SIDE = 30_000
"""Pixels; a label map is drawn in memory."""

LEAST_AREA = 1000
"""torchvision trains on an image if its objects have more pixels than this in all."""


class Outlined(NamedTuple):
    """An image: its file, its size (H, W), and class index and outline (COCO's "segmentation") of each object."""

    file_name: str
    size: tuple[int, int]
    objects: tuple[tuple[int, Any], ...]

    @property
    def name(self) -> str:
        """Name of the frame."""
        return os.path.splitext(self.file_name)[0]


class Outlines(NamedTuple):
    """The images that count, and how many the file lists."""

    images: tuple[Outlined, ...]
    listed: int


def read_outlines(path: Path, split: str) -> Outlines:
    """Read a file of instances, crowds included. For training only images with objects of VOC's classes of more than
    LEAST_AREA pixels in all count, as in torchvision. Raises UserError with all mistakes of the file."""
    document = _document(path)
    images, annotations = document["images"], document["annotations"]
    problems = [*_unlike_coco(path, document["categories"]), *_mistakes(path, images, annotations)]
    if problems:
        raise UserError(*problems)
    by_image: dict[int, list[dict[str, Any]]] = {image["id"]: [] for image in images}
    for entry in annotations:
        if entry["category_id"] in INDEX:
            by_image[entry["image_id"]].append(entry)
    counted = [
        Outlined(
            image["file_name"],
            (image["height"], image["width"]),
            tuple((INDEX[entry["category_id"]], entry["segmentation"]) for entry in by_image[image["id"]]),
        )
        for image in images
        if split != "train" or sum(entry["area"] for entry in by_image[image["id"]]) > LEAST_AREA
    ]
    return Outlines(tuple(counted), len(images))


def _document(path: Path) -> dict[str, list[Any]]:
    try:
        with path.open("rb") as file:
            document = json.load(file, object_pairs_hook=_entry)
    except OSError as error:
        raise UserError(f"Annotation file {path} cannot be read: {error.strerror}.") from None
    except ValueError as error:
        raise UserError(f"{path} is not JSON, or is cut short: {error}.") from None
    except RecursionError:
        raise UserError(f"{path} is not a COCO file: it is nested too deeply.") from None
    if not isinstance(document, dict) or not all(isinstance(document.get(part), list) for part in PARTS):
        raise UserError(f"{path} is not a COCO instances file: it needs the lists {', '.join(PARTS)}.")
    return document


def _entry(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Build an object of the file, without the outlines of other classes, which would fill memory."""
    entry = dict(pairs)
    if "segmentation" in entry and not _is_ours(entry):
        del entry["segmentation"]
    return entry


def _unlike_coco(path: Path, categories: list[Any]) -> list[str]:
    """Return a sentence if ids of the file do not have COCO's meaning."""
    names = {_whole(entry.get("id")): entry.get("name") for entry in categories if isinstance(entry, dict)}
    found = {number: names.get(number, "missing") for number in CATEGORIES}
    unlike = [
        f"{number} is {found[number]}, not {name}" for number, name in CATEGORIES.items() if found[number] != name
    ]
    if not unlike:
        return []
    return [f"{path} does not have COCO's categories, of which VOC's classes are made: category {listed(unlike)}."]


def _mistakes(path: Path, images: list[Any], annotations: list[Any]) -> list[str]:
    """Return a sentence for each kind of mistake in the entries."""
    known = {_whole(image.get("id")) for image in images if isinstance(image, dict)} - {None}
    checks: tuple[tuple[str, list[Any], Callable[[Any], bool]], ...] = (
        (
            "images need a whole number as id, a file_name without folders, and width and height of at most "
            f"{LARGEST_SIDE:,} pixels",
            images,
            _is_image,
        ),
        (
            "annotations need the image_id of a listed image, and whole numbers as ids",
            annotations,
            lambda entry: _whole(entry.get("category_id")) is not None and _whole(entry.get("image_id")) in known,
        ),
        (
            "annotations need a number as area and a segmentation",
            annotations,
            lambda entry: not _is_ours(entry) or (_is_number(entry.get("area")) and _has_outline(entry)),
        ),
    )
    problems = []
    for what, entries, holds in checks:
        places = [place for place, entry in enumerate(entries) if type(entry) is not dict or not holds(entry)]
        if places:
            problems.append(f"{path}: {what}; not so at place {listed(places)}.")
    if problems:
        return problems
    stems = (os.path.splitext(image["file_name"])[0] for image in images)
    twice = [*_repeated(image["id"] for image in images), *_repeated(stems)]
    return [f"{path}: image ids or files listed twice: {listed(twice)}."] if twice else []


def _is_image(entry: dict[str, Any]) -> bool:
    name, sides = entry.get("file_name"), (entry.get("height"), entry.get("width"))
    plain = type(name) is str and is_plain(name) and not set(name) & set("/\\") and name.strip(". ") != ""
    return plain and type(entry.get("id")) is int and all(type(s) is int and 1 <= s <= LARGEST_SIDE for s in sides)


def _whole(value: Any) -> int | None:
    """Return `value` if it is a whole number."""
    return value if type(value) is int else None


def _is_ours(entry: dict[str, Any]) -> bool:
    return _whole(entry.get("category_id")) in INDEX


def _has_outline(entry: dict[str, Any]) -> bool:
    return isinstance(entry.get("segmentation"), (list, dict))


def _is_number(value: Any) -> bool:
    return type(value) in (int, float) and -1e15 <= value <= 1e15


def _repeated(values: Iterable[Any]) -> list[Any]:
    return [value for value, count in Counter(values).items() if count > 1]
