"""Draw label files of class ids, once, from colours or outlines."""

import hashlib
import json
import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from mnv3.lraspp.data.formats.colours import unnamed
from mnv3.lraspp.data.formats.labels import Masks, Picture, Undrawable
from mnv3.lraspp.data.place import Place
from mnv3.tools.data.folder.notes import Wrong
from mnv3.tools.data.reader import Log
from mnv3.tools.data.survey import look_at_all
from mnv3.tools.errors import UserError
from mnv3.tools.files.write import make_folder, write_json
from mnv3.tools.images.label_png import write_label_png

VERSION = 1
"""Of what is drawn: raised when the same labels give others."""

DONE = "drawn.json"
"""File beside the label files, written last."""


def draw_labels(masks: Masks, pictures: Sequence[Picture], place: Place, folder: Path, log: Log) -> Place:
    """Return `place` with label files in a folder of `folder` that is named by all they depend on: labels that change,
    or other classes, give other files. Raises UserError: labels that cannot be drawn."""
    labelled = [picture for picture in pictures if picture.label is not None]
    own = folder / _digest(masks, labelled, place.folder)
    paths = {picture.name: own / f"{picture.name}.png" for picture in labelled}
    if not ((own / DONE).is_file() and all(path.is_file() for path in paths.values())):
        _draw(masks, labelled, place, own, log)
    classes = tuple(entry._replace(id=index) for index, entry in enumerate(place.classes))
    return place._replace(labels=paths, classes=classes, ignored_ids=(255,), draw=None)


def _draw(masks: Masks, pictures: Sequence[Picture], place: Place, own: Path, log: Log) -> None:
    try:
        make_folder(own)
    except UserError as error:
        raise UserError(f"{error.problems[0]} data.cache=DIR names another folder for label files.") from error
    log(f"Drawing {len(pictures)} label files of class ids into {own}; later calls use them.")
    assert masks.draw is not None
    draw = masks.draw

    def one(index: int) -> Undrawable | UserError | None:
        picture = pictures[index]
        try:
            labels = draw(picture)
        except (Undrawable, UserError) as error:
            return error
        path = own / f"{picture.name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        write_label_png(path, np.ascontiguousarray(labels))
        return None

    found = look_at_all(one, len(pictures))
    wrong, strange = Wrong(place.folder), {}
    problems: list[str] = []
    for picture, error in zip(pictures, found, strict=True):
        if isinstance(error, UserError):
            problems += error.problems
        elif isinstance(error, Undrawable) and error.counts:
            strange.setdefault(error.kind, {})[picture.label or picture.file] = error.counts
        elif error is not None:
            wrong.add(error.kind, f"{picture.label} ({picture.file})")
    problems += [unnamed(kind, place.folder, counts, place.classes) for kind, counts in strange.items()]
    problems += wrong.sentences()
    if problems:
        shutil.rmtree(own, ignore_errors=True)
        raise UserError(*problems[:10], *([f"{len(problems) - 10} more such mistakes."] if len(problems) > 10 else []))
    write_json(own / DONE, {"files": len(pictures)})


def _digest(masks: Masks, pictures: Sequence[Picture], root: Path) -> str:
    """Return a name for label files, from the classes and the state of all files that they are drawn from."""
    states = []
    for picture in pictures:
        stats = [(root / file).stat() for file in (picture.file, picture.label) if file is not None]
        states.append([picture.file, picture.label, *(part for s in stats for part in (s.st_size, s.st_mtime_ns))])
    text = json.dumps([VERSION, masks.content, states])
    return hashlib.sha256(text.encode()).hexdigest()[:16]
