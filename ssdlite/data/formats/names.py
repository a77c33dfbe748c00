"""Class names from a text file in the folder: the ids of YOLO's labels, and the order of classes in other formats."""

from collections import Counter
from collections.abc import Iterable

from mnv3.ssdlite.data.formats.labels import Picture, sorted_names
from mnv3.tools.data.folder.files import Mistake, read_text
from mnv3.tools.data.folder.listing import Listing
from mnv3.tools.data.folder.values import is_class_name
from mnv3.tools.errors import UserError
from mnv3.tools.text.plain import listed

FILES = ("classes.txt", "obj.names", "_darknet.labels")
"""Files of class names, one a line."""


def names_file(listing: Listing) -> str | None:
    """Return the names file that is nearest to the top of the folder."""
    found = [file for file in listing.files if file.rpartition("/")[2] in FILES]
    return min(found, key=lambda file: (file.count("/"), file), default=None)


def read_names(listing: Listing, file: str) -> list[str]:
    """Return the names in `file`. Raises UserError: unreadable, empty, or with mistakes."""
    try:
        names = [line.strip() for line in read_text(listing.root / file).splitlines()]
    except Mistake as mistake:
        raise UserError(f"{listing.root}: {mistake.kind}: {file}.") from None
    while names and not names[-1]:
        names.pop()
    check_names(f"{listing.root / file}", names)
    return names


def check_names(where: str, names: Iterable[object]) -> None:
    """Raise UserError unless `names` are names of classes, all different."""
    names = list(names)
    if not names:
        raise UserError(f"{where} names no class.")
    odd = [repr(name) for name in names if not is_class_name(name)]
    if odd:
        raise UserError(f"{where}: class names must be text, not empty; not so: {listed(odd)}.")
    if twice := [name for name, count in Counter(names).items() if count > 1]:
        raise UserError(f"{where}: class name used twice: {listed(twice)}.")


def listed_names(listing: Listing, pictures: list[Picture]) -> list[str]:
    """Return the names in the folder's names file, for formats that need none; empty if there is no file.
    Raises UserError: labels have other names."""
    file = names_file(listing)
    if file is None:
        return []
    names = read_names(listing, file)
    if others := sorted(set(sorted_names(pictures)) - set(names)):
        raise UserError(f"{listing.root / file} lacks classes that labels have: {listed(others)}.")
    return names
