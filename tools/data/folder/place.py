"""Which image a label means by the name that it holds."""

from mnv3.tools.data.folder.listing import Listing, clean, stem
from mnv3.tools.data.folder.notes import Notes, Wrong
from mnv3.tools.text.plain import listed

MOVED = "images that are in another folder than their labels say, found by the last part of their names"
RENAMED = "labels that name another image than the one that is named like them, which counts"


def place(listing: Listing, wrong: Wrong, notes: Notes, name: str, label: str, *, own: bool = False) -> str:
    """Return the image that `label` means by `name`.

    `own`: the label is of this image alone, and an image named like the label counts for more than `name`. If there is
    none, return where `name` was expected: the missing image is reported when the split is opened.
    """
    by_name = listing.find(name, label) if name else []
    found = by_name if not own or stem(clean(name)) == stem(label) else listing.find_stem(label)
    found = found or (listing.find_stem(label) if own else []) or by_name
    if len(found) > 1:
        wrong.add("images meant by a label that several files could be", f"{label} ({listed(found)})")
    folder = label.rpartition("/")[0]
    if not found:
        return f"{folder}/{clean(name)}" if folder else clean(name)
    if own and name and stem(found[0]) != stem(clean(name)):
        notes.add(RENAMED, label)
    elif name and not f"/{found[0]}".endswith(f"/{clean(name)}"):
        notes.add(MOVED, found[0])
    return found[0]
