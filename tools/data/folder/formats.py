"""Which label format a folder has, and when its description is logged."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Generic, NamedTuple, TypeVar

from mnv3.tools.data.folder.listing import Listing
from mnv3.tools.errors import UserError
from mnv3.tools.text.plain import listed
from mnv3.tools.text.words import either

Read = TypeVar("Read")


class Format(NamedTuple, Generic[Read]):
    """A label format: `find` returns its files in a folder, `read` reads them. `files`: what to expect, in words."""

    title: str
    files: str
    find: Callable[[Listing], list[str]]
    read: Read


def choose(listing: Listing, formats: Mapping[str, Format[Read]], asked: str | None) -> tuple[str, list[str]]:
    """Return the name of the folder's format and its files. Raises UserError: no format, or several."""
    found = {name: files for name in formats if asked in (None, name) and (files := formats[name].find(listing))}
    if not found:
        looked = [formats[asked]] if asked else list(formats.values())
        expected = "; ".join(f"{entry.title} ({entry.files})" for entry in looked)
        raise UserError(
            f"There are {len(listing.images)} images in {listing.root}, but no labels: looked for {expected}."
        )
    if len(found) > 1:
        words = either([f"{formats[name].title} ({listed(files)})" for name, files in found.items()])
        choices = either([f"dataset.format={name}" for name in found])
        raise UserError(
            f"{listing.root} has labels in several formats: {words.replace(' or ', ' and ')}. Add {choices}."
        )
    ((name, files),) = found.items()
    return name, files


_logged: dict[str, set[str]] = {}
"""Splits opened since the folder was last described: training opens two, and describes it once."""


def is_first(root: Path, split: str) -> bool:
    """Whether `split` is the first one opened, or opened again: then the folder is described."""
    opened = _logged.setdefault(os.path.realpath(root), set())
    if opened and split not in opened:
        opened.add(split)
        return False
    opened.clear()
    opened.add(split)
    return True
