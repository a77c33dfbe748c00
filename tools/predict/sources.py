"""Resolves the arguments of a call to images, folders, patterns, videos and cameras."""

import glob
import os
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from mnv3.tools.errors import UserError
from mnv3.tools.predict import video as media_video
from mnv3.tools.text.words import similar

IMAGE_SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff", ".gif", ".ppm", ".pgm", ".jp2", ".avif")
"""Files of a folder that count as images; a file given by name counts as one whatever its suffix."""

WEBCAM = "webcam"
CAMERA_DIGITS = 4
"""Numbers of this length or longer are not cameras, but misspelt names."""


class Source(NamedTuple):
    """A file or camera. `place`: its path, or the number or address of a camera. `name`: relative path without suffix
    for its results, unique among the sources of a call."""

    name: str
    place: Path | int | str
    video: bool

    @property
    def live(self) -> bool:
        """Return whether it is endless."""
        return not isinstance(self.place, Path)

    def __str__(self) -> str:
        return f"{WEBCAM} {self.place}" if isinstance(self.place, int) else str(self.place)


def find(words: Sequence[str]) -> list[Source]:
    """Return the sources that `words` name: files, folders (their direct content), patterns with * ? [] **, `webcam`,
    camera numbers, rtsp:// addresses. Each file once, in the order of the words, then by name.

    Raises UserError with a sentence for each word without a match.
    """
    problems: list[str] = []
    found: dict[Path | int | str, Source] = {}
    names: set[str] = set()
    for word in words:
        try:
            sources = _of_word(word)
        except UserError as error:
            problems += error.problems
            continue
        for source in sources:
            place = source.place.resolve() if isinstance(source.place, Path) else source.place
            if place not in found:
                found[place] = source._replace(name=_unused(source.name, names))
    if not words:
        problems.append(
            "Nothing to predict on: give an image, a folder, a pattern, a video or webcam: `mnv3 predict photo.jpg`."
        )
    if problems:
        raise UserError(*dict.fromkeys(problems))
    return list(found.values())


def title(word: str) -> str:
    """Return a name for the results folder of `word`: the file or folder that it names or begins with."""
    path = _path(word)
    if path.is_file():
        return path.stem
    if path.is_dir():
        return path.resolve().name or "root"
    return _root(path).resolve().name if glob.has_magic(word) else _of_word(word)[0].name


def _of_word(word: str) -> list[Source]:
    path = _path(word)
    if path.is_file():
        return [_of_file(path, path.parent)]
    if path.is_dir():
        return _of_folder(path)
    if word == WEBCAM or _is_number(word):
        number = 0 if word == WEBCAM else int(word)
        return [Source(f"{WEBCAM}{number or ''}", number, video=True)]
    if word.startswith("rtsp://"):
        return [Source("camera", word, video=True)]
    if glob.has_magic(word):
        root = _root(path)
        pattern = Path(glob.escape(str(root)), *path.parts[len(root.parts) :])
        files = [Path(file) for file in sorted(glob.glob(str(pattern), recursive=True))]
        sources = [_of_file(file, root) for file in files if file.is_file() and _is_known(file)]
        if not sources:
            what = "matches no image or video" if files else "matches nothing"
            raise UserError(f"{word}: {what}.")
        return sources
    if os.path.lexists(path):
        what = "a link to nothing" if path.is_symlink() else "no ordinary file"
        raise UserError(f"{word}: that is {what}; give an image, a folder, a pattern or a video.")
    near = similar(path.name, [file.name for file in _listed(path.parent)])
    hint = f"; did you mean {path.parent / near}?" if near else "."
    raise UserError(f"{word}: there is no such file or folder{hint}")


def _of_folder(folder: Path) -> list[Source]:
    files = [file for file in _listed(folder) if file.is_file() and _is_known(file)]
    if files:
        return [_of_file(file, folder) for file in files]
    deeper = next((file for file in folder.rglob("*") if file.suffix.lower() in IMAGE_SUFFIXES), None)
    hint = f"; those in the folders below it: '{folder / '**' / f'*{deeper.suffix}'}'." if deeper else "."
    raise UserError(f"{folder}: there is no image or video in this folder{hint}")


def _path(word: str) -> Path:
    """Return the path. Raises UserError if it cannot be a file name on this system."""
    try:
        path = Path(word)
        path = path if Path(*path.parts[:1]).exists() else path.expanduser()
        path.exists()
    except (OSError, RuntimeError, ValueError) as error:  # too long, an unknown user's home, or with a NUL
        why = getattr(error, "strerror", None) or error
        raise UserError(f"{word[:80]}: cannot be the name of a file: {str(why).rstrip('.')}.") from None
    return path


def _is_number(word: str) -> bool:
    """Return whether `word` is the number of a camera."""
    return word.isascii() and word.isdecimal() and len(word) < CAMERA_DIGITS


def _root(pattern: Path) -> Path:
    """Return the folder that contains all matches: the first parts of the pattern that exist or have no magic."""
    root = Path(pattern.parts[0]) if pattern.is_absolute() else Path()
    for part in pattern.parts[len(root.parts) :]:
        if glob.has_magic(part) and not (root / part).is_dir():
            break
        root /= part
    return root


def _listed(folder: Path) -> list[Path]:
    """Return the content of `folder` by name, without hidden files."""
    return sorted(file for file in folder.iterdir() if not file.name.startswith(".")) if folder.is_dir() else []


def _is_known(file: Path) -> bool:
    return file.suffix.lower() in (*IMAGE_SUFFIXES, *media_video.SUFFIXES)


def _of_file(file: Path, root: Path) -> Source:
    return Source(file.relative_to(root).with_suffix("").as_posix(), file, file.suffix.lower() in media_video.SUFFIXES)


def _unused(name: str, names: set[str]) -> str:
    """Return `name`, or name-2, name-3, ... if taken, and add it. Case does not distinguish names on every disk."""
    number, candidate = 1, name
    while candidate.lower() in names:
        number += 1
        candidate = f"{name}-{number}"
    names.add(candidate.lower())
    return candidate
