"""Find label files in JSON by their beginning and end, and read those of LabelMe."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from mnv3.tools.data.folder.files import Mistake, ends, read_json
from mnv3.tools.data.folder.listing import Listing
from mnv3.tools.data.folder.notes import Wrong

LISTS = re.compile(r'"(images|annotations|categories)"\s*:\s*\[')
IMAGES = re.compile(r'"file_name"\s*:')
LABELME = re.compile(r'"shapes"\s*:\s*\[')
PATH = re.compile(r'"image(Path|Data|Height)"\s*:')


def find_coco_json(listing: Listing) -> list[str]:
    """Return the label files: of several for the same images, those of instances."""
    texts = {file: ends(listing.root / file) for file in listing.ending(".json")}
    found = [file for file, text in texts.items() if LISTS.search(text) and _has_images(text)]
    instances = [file for file in found if file.rpartition("/")[2].startswith("instances_")]
    return instances or found


def _has_images(text: str) -> bool:
    """Whether there are images, and not only the categories of Label Studio's notes.json."""
    return IMAGES.search(text) is not None or '"images"' in text or '"image_id"' in text


def find_labelme(listing: Listing) -> list[str]:
    """Return the label files."""
    texts = {file: ends(listing.root / file) for file in listing.ending(".json")}
    return [file for file, text in texts.items() if LABELME.search(text) and PATH.search(text)]


def labelme_documents(listing: Listing, files: Sequence[str], wrong: Wrong) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield name and content of each of LabelMe's `files`; those without a list of shapes are added to `wrong`."""
    for file in files:
        try:
            document = read_json(listing.root / file)
            if not isinstance(document, dict) or not isinstance(document.get("shapes"), list):
                raise Mistake('annotation files without a list "shapes"')
        except Mistake as mistake:
            wrong.add(mistake.kind, f"{file} ({mistake.detail})" if mistake.detail else file)
            continue
        yield file, document
