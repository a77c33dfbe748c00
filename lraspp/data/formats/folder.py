"""`dataset=masks`: look at a folder, read whatever format its labels have, and open a split of it."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from mnv3.lraspp.data.formats.coco import read_coco
from mnv3.lraspp.data.formats.draw import draw_labels
from mnv3.lraspp.data.formats.labelme import read_labelme
from mnv3.lraspp.data.formats.labels import Masks, Picture
from mnv3.lraspp.data.formats.legend import Legend, find_legend
from mnv3.lraspp.data.formats.meaning import Asked, asked, in_words, keep
from mnv3.lraspp.data.formats.pairs import find_label_files
from mnv3.lraspp.data.formats.png import read_png
from mnv3.lraspp.data.place import Place
from mnv3.tools.data.folder.formats import Format, choose, is_first
from mnv3.tools.data.folder.json_files import find_coco_json, find_labelme
from mnv3.tools.data.folder.listing import Listing, list_folder
from mnv3.tools.data.folder.share import Splits, divide
from mnv3.tools.data.folder.splits import split_of_folder
from mnv3.tools.data.reader import Log
from mnv3.tools.errors import Absent, UserError
from mnv3.tools.text.plain import is_plain, listed

Read = Callable[[Listing, list[str], Legend | None, Asked], Masks]


def formats(suffix: str | None) -> dict[str, Format[Read]]:
    """Return the choices of `dataset.format`; label files have `suffix` in their names."""
    files = "label files in a folder masks or labels, or named photo_mask.png; another ending: dataset.label_suffix"
    if suffix is not None:
        files = f"label files named photo{suffix}.png, by dataset.label_suffix={suffix}, an ending without .png"
    outlines = "a JSON file with images, annotations with segmentation, categories"
    return {
        "png": Format("PNG", files, partial(find_label_files, suffix=suffix), read_png),
        "labelme": Format("LabelMe", "a JSON file per image", find_labelme, read_labelme),
        "coco": Format("COCO", outlines, find_coco_json, read_coco),
    }


def open_folder(dataset: Any, root: Path, split: str, log: Log) -> Place:
    """Open a split of the folder `dataset.path`, see `lraspp.data.sets`. Writes the classes found into `dataset`."""
    if not dataset.path:
        raise Absent("dataset=masks needs dataset.path=DIR, a folder of images and their masks.")
    listing, wanted = list_folder(Path(dataset.path).expanduser()), asked(dataset)
    known = formats(wanted.suffix)
    name, files = choose(listing, known, dataset.format)
    masks = known[name].read(listing, files, find_legend(listing, dataset.names), wanted)
    _check_names(listing.root, masks.pictures)
    kept, unlabelled = _labelled(masks.pictures)
    splits = divide(kept, dataset.val_share, dataset.seed)
    if is_first(listing.root, split):
        found = _summary(known[name].title, masks, splits, dataset)
        orphans = () if split == "train" else masks.problems  # of training, they are a mistake
        for line in (found, *masks.notes, *unlabelled, *orphans, *splits.notes):
            log(line)
    keep(dataset, masks.meaning)
    pictures = splits.pictures.get(split)
    if pictures is None:
        there = [f"{name} ({len(entries)} images)" for name, entries in splits.pictures.items()]
        raise Absent(f"{listing.root} has no split '{split}'; it has {', '.join(there)}.")
    return _place(listing.root, masks, pictures, split)


def _place(root: Path, masks: Masks, pictures: Sequence[Picture], split: str) -> Place:
    meaning = masks.meaning
    place = Place(
        root,
        {picture.name: root / picture.file for picture in pictures},
        {picture.name: root / picture.label for picture in pictures if picture.label is not None},
        meaning.classes,
        meaning.values,
        stored=masks.stored,
        problems=masks.problems if split == "train" else (),
    )
    return place if masks.draw is None else place._replace(draw=partial(draw_labels, masks, pictures, place))


def _labelled(pictures: Sequence[Picture]) -> tuple[list[Picture], list[str]]:
    """Return pictures with labels, and a note on the others; of a test split without any label all count."""

    def is_test(picture: Picture) -> bool:
        return "test" in (picture.splits or (split_of_folder(picture.file),))

    open_test = not any(picture.label for picture in pictures if is_test(picture))
    kept = [picture for picture in pictures if picture.label or (open_test and is_test(picture))]
    files = {picture.file for picture in kept}
    others = [picture.file for picture in pictures if picture.file not in files]
    return kept, [f"images without labels are left out: {len(others)}: {listed(others)}."] if others else []


def _check_names(root: Path, pictures: Sequence[Picture]) -> None:
    """Raise UserError unless frames have different names, without control characters."""
    by_name: dict[str, str] = {}
    for picture in pictures:
        other = by_name.setdefault(picture.name, picture.file)
        if other != picture.file:
            raise UserError(f"{root}: {other} and {picture.file} differ only in their suffix: remove one of them.")
    if odd := [file for file in by_name.values() if not is_plain(file)]:
        raise UserError(f"{root}: rename files whose names have characters that cannot be printed: {listed(odd)}.")


def _summary(title: str, masks: Masks, splits: Splits[Picture], dataset: Any) -> str:
    counts = ", ".join(f"{name} {len(entries):,}" for name, entries in splits.pictures.items())
    classes = in_words(masks.meaning, masks.draw is None)
    return f"{title}: {masks.source}; {classes}, named {masks.named}; {counts} images.{splits.share(dataset)}"
