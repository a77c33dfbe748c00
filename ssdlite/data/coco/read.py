"""Read a COCO instances file and report all its mistakes at once."""

import json
import os
from collections import Counter
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from mnv3.ssdlite.data.coco.areas import AREAS_REPLACED, sound_areas
from mnv3.ssdlite.data.coco.keys import KEYS, Mistakes, check_keys
from mnv3.tools.errors import UserError
from mnv3.tools.text.plain import listed

PARTS = ("images", "categories")
"""Lists that a file must have; one without "annotations" is a test set."""

JOINED = {"id", "image_id", "category_id", "file_name", "name"}
"""Keys by which the parts of a file refer to each other."""

READ_ONCE = {*PARTS, "annotations", *(key for keys in KEYS.values() for key in keys)}
"""Keys that must not repeat in an object: JSON silently keeps the last."""


class Instances(NamedTuple):
    """`category_names`: id -> name. `arrays`: by name, the array fields of CocoData, `has_annotations` and `notes`."""

    category_names: dict[int, str]
    arrays: dict[str, Any]


def read_instances(path: Path) -> Instances:
    """Parse and check `path`. Raises UserError with one sentence for each kind of mistake."""
    document, mistakes = _read_document(path)
    wrong = {key for part in KEYS for key in check_keys(document.get(part, []), part, mistakes)}
    images, categories, annotations = (document.get(part, []) for part in KEYS)
    roots: list[str] = []
    if not wrong & JOINED:
        categories, roots = _without_root(categories, annotations)
        _check_values(images, categories, annotations, mistakes)
    mistakes.raise_if_any()
    arrays, notes = _arrays(images, annotations)
    check_box_convention(arrays, mistakes)
    mistakes.raise_if_any()
    names = {category["id"]: category["name"] for category in categories}
    notes = tuple(f"{path.name}: {note}" for note in (*roots, *notes))
    return Instances(names, {**arrays, "has_annotations": "annotations" in document, "notes": notes})


def _read_document(path: Path) -> tuple[dict[str, Any], Mistakes]:
    """Return the file's lists, and the mistakes in its structure."""
    repeated: set[str] = set()
    try:
        with path.open("rb") as file:
            document = json.load(file, object_pairs_hook=partial(_entry, repeated=repeated))
    except FileNotFoundError:
        raise UserError(f"Annotation file {path} does not exist.") from None
    except OSError as error:
        raise UserError(f"Annotation file {path} cannot be read: {error.strerror}.") from None
    except ValueError as error:  # JSON and Unicode errors, and numbers of thousands of digits
        raise UserError(f"{path} is not JSON, or is cut short: {error}.") from None
    except RecursionError:
        raise UserError(f"{path} is not a COCO file: it is nested too deeply.") from None
    if not isinstance(document, dict):
        raise UserError(f'{path} is not a COCO file: it needs the lists "images", "categories" and "annotations".')
    unlisted = [part for part in PARTS if not isinstance(document.get(part), list)]
    if unlisted:
        raise UserError(
            f'{path} is not a COCO file: it needs the lists "images", "categories" and "annotations"; '
            f"{' and '.join(unlisted)} {'is' if len(unlisted) == 1 else 'are'} missing or not a list."
        )
    if not isinstance(document.get("annotations", []), list):
        raise UserError(f'{path} is not a COCO file: its "annotations" are not a list.')
    empty = [part for part in PARTS if not document[part]]
    if empty:
        raise UserError(f"{path} has no {' and no '.join(empty)}.")
    mistakes = Mistakes(path)
    mistakes.add("given twice in one object, of which only the last would count", sorted(repeated))
    return document, mistakes


def _entry(pairs: list[tuple[str, Any]], repeated: set[str]) -> dict[str, Any]:
    """Build an object of the file without its outline: outlines are most of a COCO file and would fill gigabytes."""
    entry = dict(pairs)
    if len(entry) != len(pairs):
        repeated.update(
            key for key, count in Counter(key for key, _ in pairs).items() if count > 1 and key in READ_ONCE
        )
    entry.pop("segmentation", None)
    return entry


def _without_root(categories: list[dict], annotations: list[dict]) -> tuple[list[dict], list[str]]:
    """Remove the root that Roboflow puts above the classes; also return a note on it."""
    used = {annotation["category_id"] for annotation in annotations}
    relatives = Counter(name for entry in categories for name in {entry["name"], str(entry.get("supercategory"))})

    def is_root(entry: dict) -> bool:
        alone = entry["id"] not in used and entry.get("supercategory") == "none"
        return alone and relatives[entry["name"]] > 1  # another category has its name or is below it

    roots = [entry for entry in categories if is_root(entry)]
    if not roots or len(roots) == len(categories):
        return categories, []
    named = listed([f"{entry['name']} (id {entry['id']})" for entry in roots])
    note = f'left out as Roboflow\'s root of the classes, of supercategory "none" and without annotations: {named}.'
    return [entry for entry in categories if not is_root(entry)], [note]


def _repeated(values: Iterable[Any]) -> list[Any]:
    return [value for value, count in Counter(values).items() if count > 1]


def _check_values(images: list[dict], categories: list[dict], annotations: list[dict], mistakes: Mistakes) -> None:
    image_ids = {image["id"] for image in images}
    category_ids = {category["id"] for category in categories}
    mistakes.add("image id used twice", _repeated(image["id"] for image in images))
    mistakes.add("image file listed twice", _repeated(os.path.normpath(image["file_name"]) for image in images))
    mistakes.add("category id used twice", _repeated(category["id"] for category in categories))
    mistakes.add("category name used twice", _repeated(category["name"] for category in categories))
    mistakes.add("annotation id used twice", _repeated(a["id"] for a in annotations if a.get("id") is not None))
    unlisted = (a["image_id"] for a in annotations if a["image_id"] not in image_ids)
    mistakes.add("annotations for an image that is not listed, image id", dict.fromkeys(unlisted))
    unknown = (a["category_id"] for a in annotations if a["category_id"] not in category_ids)
    mistakes.add("annotations of an unknown category id", dict.fromkeys(unknown))


def _arrays(images: list[dict], annotations: list[dict]) -> tuple[dict[str, np.ndarray], list[str]]:
    """Return the array fields of CocoData, and notes on areas."""
    place = {image["id"]: i for i, image in enumerate(images)}
    owner = np.array([place[a["image_id"]] for a in annotations], dtype=np.int64)
    order = np.argsort(owner, kind="stable")  # keeps the file's order within an image: ties of scores depend on it
    boxes = np.array([a["bbox"] for a in annotations], dtype=np.float64).reshape(-1, 4)
    areas, replaced = sound_areas([a.get("area") for a in annotations], boxes)
    names = np.array([image["file_name"] for image in images])
    notes = [f"{AREAS_REPLACED}: {replaced.sum()}, in {listed(sorted(set(names[owner[replaced]].tolist())))}."]
    arrays = {
        "image_ids": np.array(list(place), dtype=np.int64),
        "file_names": names,
        "sizes": np.array([(image["height"], image["width"]) for image in images], dtype=np.int64),
        "starts": np.concatenate([[0], np.cumsum(np.bincount(owner, minlength=len(images)))]),
        "boxes": boxes[order],
        "category_ids": np.array([a["category_id"] for a in annotations], dtype=np.int64)[order],
        "crowd": np.array([bool(a.get("iscrowd", 0)) for a in annotations], dtype=bool)[order],
        "areas": areas[order],
    }
    return arrays, notes if replaced.any() else []


def check_box_convention(arrays: dict[str, np.ndarray], mistakes: Mistakes) -> None:
    """Detect other box conventions by their numbers, because training on them would silently fail."""
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
