"""COCO JSON with outlines: polygons and run lengths, drawn by pycocotools."""

from collections import Counter
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from mnv3.lraspp.data.coco.draw import inside
from mnv3.lraspp.data.coco.outlines import LARGEST_SIDE
from mnv3.lraspp.data.formats.labels import Masks, Meaning, Picture, Undrawable
from mnv3.lraspp.data.formats.legend import Legend
from mnv3.lraspp.data.formats.meaning import Asked
from mnv3.lraspp.data.formats.outlines import OVERLAP, background_of, meaning_of, values_of
from mnv3.tools.data.folder.files import Mistake, read_json
from mnv3.tools.data.folder.listing import Listing
from mnv3.tools.data.folder.notes import Notes, Wrong
from mnv3.tools.data.folder.place import place
from mnv3.tools.data.folder.splits import split_of_label
from mnv3.tools.data.folder.values import is_class_name
from mnv3.tools.errors import UserError
from mnv3.tools.images.read import image_size
from mnv3.tools.text.plain import listed

PARTS = ("images", "annotations", "categories")
ROOT = "categories without annotations that others have as supercategory are left out"
BOXES = "annotations with a box but no outline are left out"


class Outline(NamedTuple):
    """An object: its class, and its "segmentation"."""

    name: str
    outline: Any


class Read(NamedTuple):
    """Collected over the files of a folder; `names`: classes by COCO's id, `lost`: images that are not there."""

    listing: Listing
    wrong: Wrong
    notes: Notes
    names: dict[int, str]
    pictures: list[Picture]
    lost: list[str]


def read_coco(listing: Listing, files: list[str], legend: Legend | None, asked: Asked) -> Masks:
    """Read `files`. Raises UserError with all mistakes, or if they do not list the same classes."""
    read = Read(listing, Wrong(listing.root), Notes(), {}, [], [])
    for file in files:
        try:
            document = read_json(listing.root / file)
            _add(read, file, document, *_checked(document))
        except Mistake as mistake:
            read.wrong.add(mistake.kind, f"{file} ({mistake.detail})" if mistake.detail else file)
    read.wrong.raise_if_any()
    if not any(picture.shapes for picture in read.pictures):
        raise UserError(f"{listing.root}: no annotation of {listed(files)} has an outline; boxes alone are no masks.")
    names = [read.names[number] for number in sorted(read.names)]
    meaning = meaning_of(asked, legend, names, f"{listing.root}")
    source = files[0] if len(files) == 1 else f"{len(files)} JSON files"
    problems = (f"{len(read.lost)} labelled images are not there: {listed(read.lost)}.",) if read.lost else ()
    named = f"in {legend.source}" if legend else "by their categories"
    masks = Masks(source, named, meaning, read.pictures, [*read.notes.lines(), OVERLAP], problems, stored=True)
    masks.draw, masks.content = partial(_draw, listing.root, meaning), f"COCO {meaning}"
    return masks


def _checked(document: Any) -> tuple[list[dict], list[dict], list[dict]]:
    """Return images, annotations and categories. Raises Mistake."""
    if not isinstance(document, dict) or not all(isinstance(document.get(part), list) for part in PARTS):
        raise Mistake(f"files without the lists {', '.join(PARTS)}")
    images, annotations, categories = (document[part] for part in PARTS)
    if not all(isinstance(entry, dict) for part in PARTS for entry in document[part]):
        raise Mistake("files whose images, annotations or categories are not all objects")
    for entry in categories:
        if type(entry.get("id")) is not int or not is_class_name(entry.get("name")):
            raise Mistake("categories without a whole number as id and a name", str(entry.get("name"))[:40])
    known = {entry["id"] for entry in categories}
    for entry in images:
        sides = entry.get("height"), entry.get("width")
        name = entry.get("file_name")
        if type(entry.get("id")) is not int or not is_class_name(name):
            raise Mistake("images without a whole number as id and a file_name", str(name)[:40])
        if not all(type(side) is int and 1 <= side <= LARGEST_SIDE for side in sides):
            raise Mistake("images without a height and width", str(name)[:40])
    there = {entry["id"] for entry in images}
    for entries in (images, categories):
        if twice := [number for number, count in Counter(entry["id"] for entry in entries).items() if count > 1]:
            raise Mistake("files with an image or category id twice", f"{twice[0]}")
    for place_, entry in enumerate(annotations):
        ids = entry.get("image_id"), entry.get("category_id")
        if any(type(number) is not int for number in ids) or ids[0] not in there or ids[1] not in known:
            raise Mistake("annotations whose image_id or category_id is not listed", f"at place {place_}")
    return images, annotations, categories


def _add(
    read: Read, file: str, document: dict, images: list[dict], annotations: list[dict], categories: list[dict]
) -> None:
    names = _without_root(categories, annotations, read.notes, file)
    if read.names and read.names != names:
        differing = sorted(set(names.items()) ^ set(read.names.items()))
        raise Mistake(
            "files that do not list the same categories", listed([f"{name} (id {i})" for i, name in differing])
        )
    if twice := [name for name, count in Counter(names.values()).items() if count > 1]:
        raise Mistake("files with a category name twice", twice[0])
    read.names.update(names)
    split, by_image = split_of_label(file), {entry["id"]: [] for entry in images}
    for entry in annotations:
        outline = entry.get("segmentation")
        if outline:
            by_image[entry["image_id"]].append(Outline(names[entry["category_id"]], outline))
        else:
            read.notes.add(BOXES, file)
    for entry in images:
        image = place(read.listing, read.wrong, read.notes, entry["file_name"], file)
        if image not in read.listing.known:
            read.lost.append(image)
            continue
        shapes, size = tuple(by_image[entry["id"]]), (entry["height"], entry["width"])
        read.pictures.append(Picture(image, file, frozenset([split] if split else []), shapes, size))


def _without_root(categories: list[dict], annotations: list[dict], notes: Notes, file: str) -> dict[int, str]:
    """Return names by id, without the root that Roboflow puts above the classes."""
    used = {entry["category_id"] for entry in annotations}
    above = {str(entry.get("supercategory")) for entry in categories}
    roots = [e for e in categories if e["id"] not in used and e["name"] in above and e.get("supercategory") == "none"]
    if len(roots) == len(categories):
        roots = []
    for entry in roots:
        notes.add(f"{ROOT} ({entry['name']})", file)
    return {entry["id"]: entry["name"].strip() for entry in categories if entry not in roots}


def _draw(root: Path, meaning: Meaning, picture: Picture) -> np.ndarray:
    """Paint the objects in their order. Raises Undrawable: the image has another size, or an outline is none."""
    size = image_size(root / picture.file)
    assert picture.size is not None
    if picture.size not in (size, size[::-1]):
        raise Undrawable("labels of another size than their image")
    labels, values = np.full(picture.size, background_of(meaning), np.uint8), values_of(meaning)
    for entry in picture.shapes:
        try:
            labels[inside(_uncompressed(entry.outline), *picture.size) > 0] = values[entry.name]
        except ValueError as error:
            raise Undrawable(f"outlines that cannot be drawn: {error}") from None
    return labels


def _uncompressed(outline: Any) -> Any:
    """Return run lengths as numbers, if `outline` has them as text: COCO's variant of LEB128, see its maskApi.c.
    Raises ValueError: the text is none."""
    if not isinstance(outline, dict) or not isinstance(outline.get("counts"), str):
        return outline
    counts: list[int] = []
    value, shift = 0, 0
    for character in outline["counts"]:
        code = ord(character) - 48
        if not 0 <= code < 64 or shift > 60:
            raise ValueError("run lengths whose text is damaged")
        value |= (code & 0x1F) << shift
        shift += 5
        if code & 0x20:
            continue
        value -= (1 << shift) if code & 0x10 else 0
        counts.append(value + (counts[-2] if len(counts) > 2 else 0))
        value, shift = 0, 0
    if shift:
        raise ValueError("run lengths whose text is damaged")
    return {**outline, "counts": counts}
