"""The keys read from a COCO file and their strictly checked values."""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from mnv3.tools.data.folder.values import LARGEST_NUMBER
from mnv3.tools.errors import UserError
from mnv3.tools.text.plain import is_plain, listed

LARGEST_ID = 2**63 - 1
"""Ids are kept as 64-bit integers; the lowest one marks an unreadable image."""

LARGEST_SIDE = 1_000_000
"""Pixels of an image's side."""

LONGEST = 40
"""Characters of a wrong value in a message."""


class Kind(NamedTuple):
    """A kind of value, described by `words`. `needed`: the key is required."""

    words: str
    holds: Callable[[Any], bool]
    needed: bool = True


def _is_id(value: Any) -> bool:
    return type(value) is int and -LARGEST_ID <= value <= LARGEST_ID


def _is_name(value: Any) -> bool:
    return type(value) is str and is_plain(value) and bool(value.strip())


def _is_number(value: Any) -> bool:
    return type(value) in (int, float) and -LARGEST_NUMBER <= value <= LARGEST_NUMBER  # NaN is neither


ID = Kind("a whole number between -2^63 and 2^63", _is_id)
CLASS_ID = Kind("a whole number from 0, below 2^63", lambda value: _is_id(value) and value >= 0)
NAME = Kind("text, not empty, without control characters", _is_name)
SIDE = Kind(f"a whole number from 1 to {LARGEST_SIDE:,}", lambda side: type(side) is int and 1 <= side <= LARGEST_SIDE)
BOX = Kind(
    "a list of four finite numbers", lambda box: type(box) is list and len(box) == 4 and all(map(_is_number, box))
)
CROWD = Kind("0 or 1", lambda value: type(value) in (int, bool) and value in (0, 1), needed=False)
AREA = Kind("a number", lambda value: value is None or type(value) in (int, float), needed=False)
MARK = Kind("a whole number or text", lambda value: value is None or type(value) in (int, str), needed=False)

KEYS = {
    "images": {"id": ID, "file_name": NAME, "height": SIDE, "width": SIDE},
    "categories": {"id": CLASS_ID, "name": NAME},
    "annotations": {"id": MARK, "image_id": ID, "category_id": ID, "bbox": BOX, "area": AREA, "iscrowd": CROWD},
}
"""The keys of the official format that are read; a missing "area" or "iscrowd" is filled in."""


@dataclass
class Mistakes:
    """Collects one sentence for each kind of mistake in a file."""

    path: Path
    sentences: list[str] = field(default_factory=list)

    def add(self, what: str, offenders: Iterable[Any]) -> None:
        """Add a sentence that `what` is wrong with `offenders`, if there are any."""
        offenders = list(offenders)
        if offenders:
            self.sentences.append(f"{self.path}: {what}: {listed(offenders)}.")

    def raise_if_any(self) -> None:
        if self.sentences:
            raise UserError(*self.sentences)


def check_keys(entries: list[Any], part: str, mistakes: Mistakes) -> set[str]:
    """Add a mistake for each key of `part` that is missing or of the wrong kind in `entries`; return these keys."""
    keys = KEYS[part]
    if strangers := [place for place, entry in enumerate(entries) if type(entry) is not dict]:
        needed = ", ".join(f'"{key}"' for key, kind in keys.items() if kind.needed)
        mistakes.add(f"each of {part} needs to be an object with {needed}; not so at place", strangers)
        return set(keys)
    wrong = set()
    for key, (words, holds, needed) in keys.items():
        places = [i for i, entry in enumerate(entries) if (not holds(entry[key]) if key in entry else needed)]
        if places:
            wrong.add(key)
            examples = [f"{place} ({_format(entries[place], key)})" for place in places]
            mistakes.add(f'"{key}" of {part} must be {words}; not so at place', examples)
    return wrong


def _format(entry: dict[str, Any], key: str) -> str:
    """Format a wrong value in a few ASCII characters."""
    if key not in entry:
        return "it is missing"
    value = entry[key]
    if type(value) is list:
        return f"a list of {len(value)}: {', '.join(map(_scalar, value[:4]))}" if value else "an empty list"
    return _scalar(value)


def _scalar(value: Any) -> str:
    if isinstance(value, (list, dict)):
        return "a list" if isinstance(value, list) else "an object"
    text = json.dumps(value)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}..."
