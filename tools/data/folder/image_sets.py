"""VOC's lists of the images of each split, in ImageSets."""

import re

from mnv3.tools.data.folder.files import Mistake, read_text
from mnv3.tools.data.folder.listing import Listing
from mnv3.tools.data.folder.splits import SPLITS
from mnv3.tools.errors import UserError

FLAG = re.compile(r"\s+-?[01]$")
"""What follows the name in VOC's lists of a single class."""


def image_sets(listing: Listing, kind: str) -> dict[str, frozenset[str]]:
    """Return the names in ImageSets/`kind` by split; none if there is no such folder."""
    lists = {}
    for split in ("train", "val", "test"):
        places = {f"imagesets/{kind.lower()}/{word}.txt" for word, meant in SPLITS.items() if meant == split}
        for file in (file for file in listing.ending(".txt") if _is_at(file.lower(), places)):
            try:
                lines = read_text(listing.root / file).splitlines()
            except Mistake as mistake:
                raise UserError(f"{listing.root}: {mistake.kind}: {file}.") from None
            names = [line.strip() for line in lines if line.strip()]
            lists[split] = frozenset([*names, *(FLAG.sub("", name) for name in names)])
    return lists


def _is_at(file: str, places: set[str]) -> bool:
    return any(file == place or file.endswith(f"/{place}") for place in places)
