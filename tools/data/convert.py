"""What converting a data set needs, whatever its task: its splits, a folder written whole, names of the copies."""

import os
from collections import Counter
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any, TypeVar

from mnv3.tools.data.folder.share import SPLIT_NAMES
from mnv3.tools.errors import Absent, UserError
from mnv3.tools.files.temporaries import beside
from mnv3.tools.files.write import make_folder, named_errors
from mnv3.tools.text.plain import listed

T = TypeVar("T")

OWN_FOLDERS = ("path", "train_images", "train_labels", "val_images", "val_labels")
"""Keys of data sets that name folders in which files are looked for."""


def open_present(split: str | None, known: Container[str], open_split: Callable[[str], T]) -> dict[str, T]:
    """Open `split`, or those of train, val and test that are `known` and exist. Raises UserError, also if none is."""
    if split and split not in SPLIT_NAMES:
        raise UserError(f"split={split}: train, val and test can be converted; null is for all that there are.")
    opened: dict[str, T] = {}
    absent: dict[str, UserError] = {}
    for name in [split] if split else [name for name in SPLIT_NAMES if name in known]:
        try:
            opened[name] = open_split(name)
        except Absent as error:
            absent[name] = error
    if not opened:
        raise UserError(*dict.fromkeys(problem for error in absent.values() for problem in error.problems))
    for name, error in absent.items():
        if name != "test":
            print(f"Left out: {' '.join(error.problems)}")
    return opened


@contextmanager
def new_folder(out: Path, dataset: Mapping[str, Any]) -> Iterator[Path]:
    """Yield a temporary folder that becomes `out` on success, and is removed on any failure.

    Raises UserError: `out` has files, or is in a folder that `dataset` names; or the files cannot be written.
    """
    _check_new(out, dataset)
    target = out.resolve()
    make_folder(target.parent)
    with named_errors(out), beside(target) as temporary:
        temporary.mkdir()
        try:
            yield temporary
        except UserError as error:  # name the folder that the user knows
            raise UserError(*(text.replace(str(temporary), str(out)) for text in error.problems)) from error
        os.replace(temporary, target)


def _check_new(out: Path, dataset: Mapping[str, Any]) -> None:
    if out.exists() and not out.is_dir():
        raise UserError(f"out={out} is a file: give a new or empty folder.")
    if out.is_dir() and any(out.iterdir()):
        raise UserError(f"out={out} is not empty: give a new or empty folder. Nothing was written.")
    for key in OWN_FOLDERS:
        folder = dataset.get(key)
        if folder and out.resolve().is_relative_to(Path(folder).expanduser().resolve()):
            raise UserError(
                f"out={out} is in dataset.{key}={folder}, where later calls would find the copies, too: give a folder "
                "elsewhere."
            )


def copy_names(files: Sequence[str]) -> list[str]:
    """Return a name without folders for each of `files`, in lower and upper case different from all others.

    Files that have the same name in several folders get the folders' names in front.
    """
    lasts = [PurePosixPath(file.replace("\\", "/")) for file in files]
    counts = Counter(path.name.lower() for path in lasts)
    names: list[str] = []
    taken: set[str] = set()
    for path in lasts:
        name = path.name if counts[path.name.lower()] == 1 else "-".join(part for part in path.parts if part != "/")
        stem, suffix, number = PurePosixPath(name).stem, PurePosixPath(name).suffix, 1
        while name.lower() in taken:
            number += 1
            name = f"{stem}-{number}{suffix}"
        taken.add(name.lower())
        names.append(name)
    return names


def renamed(files: Sequence[str], names: Sequence[str]) -> list[str]:
    """Return a line on those of `files` whose copies have other names than the files."""
    changed = [(file, name) for file, name in zip(files, names, strict=True) if PurePosixPath(file).name != name]
    pairs = [f"{file} is {name}" for file, name in changed]
    return [f"Files of the same name in several folders: {len(changed)} are renamed: {listed(pairs)}."] if pairs else []


def content_of(path: Path) -> bytes:
    """Return what a file holds. Raises UserError if it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror or error}.") from None


def raise_if_different(differences: Sequence[str], out: Path) -> None:
    """Raise UserError if what was read back differs from what was to be written."""
    if differences:
        raise UserError(
            f"Reading back gave other data than was converted, so nothing was written to {out}: {listed(differences)}."
        )
