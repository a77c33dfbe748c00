"""Find label files in JSON by their beginning and end."""

import re

from mnv3.tools.data.folder.files import ends
from mnv3.tools.data.folder.listing import Listing

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
