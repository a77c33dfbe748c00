"""YOLO's data.yaml: class names, and where the images of each split are, always inside of the folder."""

import os
import re
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from mnv3.ssdlite.data.formats.names import check_names
from mnv3.tools.data.folder.files import Mistake, ends, read_text
from mnv3.tools.data.folder.listing import Listing, clean
from mnv3.tools.errors import UserError
from mnv3.tools.text.plain import listed, plain

SPLIT_KEYS = {"train": ("train",), "val": ("val", "valid", "validation"), "test": ("test",)}

LONGEST = 1_000_000
"""Bytes of the file; ImageNet's 1000 classes take 20,000."""


class DataYaml(NamedTuple):
    """`names`: class names by id. `splits`: per split, folders and list files in the folder. `notes`: paths that were
    understood otherwise than written."""

    file: str
    names: dict[int, str]
    splits: dict[str, list[str]]
    has_keypoints: bool
    notes: list[str]


def find_yaml(listing: Listing) -> list[str]:
    """Return the YAML files that look like YOLO's data.yaml."""
    keys = (r"^names\s*:", r"^(train|val|valid|validation|test)\s*:")
    texts = {file: ends(listing.root / file) for file in listing.ending(".yaml", ".yml")}
    return [file for file, text in texts.items() if all(re.search(key, text, re.MULTILINE) for key in keys)]


def read_yaml(listing: Listing, file: str) -> DataYaml:
    """Read and check `file`. Raises UserError: not plain YAML, no names, or paths that leave the folder."""
    path = listing.root / file
    document = _load(path)
    names = document.get("names")
    by_id = dict(enumerate(names)) if isinstance(names, list) else names
    if not isinstance(by_id, dict) or not all(type(key) is int and key >= 0 for key in by_id):
        raise UserError(f"{path}: names must be a list of class names, or class names by number from 0.")
    by_id = {key: str(name) if type(name) in (int, float) else name for key, name in sorted(by_id.items())}
    check_names(f"{path}: names", by_id.values())
    count = document.get("nc")
    if count is not None and count != len(by_id):
        raise UserError(f"{path}: nc is {plain(str(count))}, but there are {len(by_id)} names.")
    paths = Paths(listing, file, document.get("path"))
    splits = {}
    for split, keys in SPLIT_KEYS.items():
        given = next((document[key] for key in keys if document.get(key)), [])
        entries = given if isinstance(given, list) else [given]
        if found := [place for entry in entries if (place := paths.resolve(split, entry)) is not None]:
            splits[split] = found
    return DataYaml(file, by_id, splits, "kpt_shape" in document, paths.notes)


def _load(path: Path) -> dict[str, Any]:
    """Return the mapping in a YAML file of plain values: no tags, which make objects, no anchors, which can grow."""
    try:
        text = read_text(path)
        if len(text) > LONGEST:
            raise UserError(f"{path} is longer than {LONGEST:,} characters: that is no data.yaml of YOLO.")
        for token in yaml.scan(text):
            if isinstance(token, (yaml.TagToken, yaml.AnchorToken, yaml.AliasToken)):
                line = token.start_mark.line + 1
                raise UserError(f"{path}, line {line}: has a YAML tag, anchor or alias; only plain values are read.")
        node, document = yaml.compose(text, yaml.SafeLoader), yaml.safe_load(text)
    except Mistake as mistake:
        raise UserError(f"{path}: {mistake.kind}.") from None
    except UserError:  # a ValueError, too
        raise
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        reason = plain(str(getattr(error, "problem", None) or error))
        raise UserError(f"{path} is not YAML, or is cut short: {reason}.") from None
    if not isinstance(document, dict):
        raise UserError(f"{path} is not a data.yaml of YOLO: it needs the keys names, train and val.")
    if twice := _repeated(node):
        raise UserError(f"{path}: key given twice, of which only the last would count: {listed(twice)}.")
    return document


def _repeated(node: Any) -> list[str]:
    """Return the keys that a mapping, or one in it, has twice."""
    if not isinstance(node, yaml.MappingNode):
        return []
    counts = Counter(str(key.value) for key, _ in node.value)
    inner = [key for _, value in node.value for key in _repeated(value)]
    return [key for key, count in counts.items() if count > 1] + inner


class Paths:
    """Resolves the paths of a data.yaml inside of the folder; `notes` has a line for each understood otherwise."""

    def __init__(self, listing: Listing, file: str, stated: object) -> None:
        self.listing, self.file, self.notes = listing, file, []
        self.folders = {os.path.dirname(name) for name in listing.files}
        self.folders |= {parent for folder in self.folders for parent in _parents(folder)}
        own = os.path.dirname(file)
        base = self._inside(own, str(stated)) if stated else own
        if base is None:
            raise self._leaves("path", str(stated), "remove it, or set path: . (the folder of the file)")
        if base not in self.folders:
            self.notes.append(f"{file}: path: {plain(str(stated))} is no folder here; taken as the file's own folder.")
            base = own
        self.base, self.own = base, own

    def resolve(self, split: str, entry: object) -> str | None:
        """Return the folder or list file that `entry` means, None if there is none. Raises UserError: it would be
        outside of the folder."""
        if not isinstance(entry, str) or not entry.strip():
            raise UserError(f"{self.listing.root / self.file}: {split} must be a path or a list of paths.")
        for base in dict.fromkeys((self.base, self.own)):
            place = self._inside(base, entry)
            if place is not None and self._is_there(place):
                return place
        for other in self._others(entry):
            if self._is_there(other):
                self.notes.append(f"{self.file}: {split}: {plain(entry)} is taken as {other or '.'} in the folder.")
                return other
        if place is None and not (self._others(entry) and not self._leads_somewhere(entry)):
            raise self._leaves(split, entry, f"copy the images into {self.listing.root} and write its path in there")
        self.notes.append(f"{self.file}: {split}: {plain(entry)} does not exist, so there is no such split.")
        return None

    def _others(self, entry: str) -> list[str]:
        """Return what else a relative path can mean: Roboflow writes ../train/images, or begins with the folder's own
        name."""
        parts = entry.replace("\\", "/").split("/")
        if _is_absolute(entry):
            return []
        if parts[0] == "..":
            return [os.path.join(self.own, clean(entry))] if ".." not in parts[1:] else []
        return [os.path.join(self.own, *parts[1:])] if parts[0] == self.listing.root.resolve().name else []

    def _inside(self, base: str, entry: str) -> str | None:
        """Return `entry`, relative to `base`, as a path in the folder; None if it leads out of it."""
        entry = entry.strip().replace("\\", "/")
        if _is_absolute(entry):
            root = self.listing.root.resolve()
            inside = Path(entry).is_relative_to(root) and ".." not in Path(entry).parts
            return _normal(str(Path(entry).relative_to(root))) if inside else None
        place = _normal(os.path.join(base, entry))
        return None if place.split("/")[0] == ".." else place

    def _leads_somewhere(self, entry: str) -> bool:
        """Whether there is anything outside of the folder: Roboflow writes ../test/images without a test split, too."""
        return (self.listing.root / self.own / entry.replace("\\", "/")).exists()

    def _is_there(self, place: str) -> bool:
        return place in self.folders or place in self.listing.known

    def _leaves(self, key: str, entry: str, cure: str) -> UserError:
        where = self.listing.root / self.file
        return UserError(f"{where}: {key}: {plain(entry)} is not in {self.listing.root}, so it is not read: {cure}.")


def _is_absolute(entry: str) -> bool:
    return entry.startswith(("/", "\\", "~")) or entry[1:2] == ":"


def _normal(place: str) -> str:
    normal = os.path.normpath(place)
    return "" if normal == "." else normal


def _parents(folder: str) -> list[str]:
    parts = folder.split("/")
    return ["/".join(parts[:count]) for count in range(len(parts))]
