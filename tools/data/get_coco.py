"""Download COCO 2017 from its server into the official layout."""

from collections.abc import Callable, Sequence
from pathlib import Path

from mnv3.tools.data.archives import Archive, get_archives

SERVER = "http://images.cocodataset.org"
"""COCO's own; no https, because its certificate does not match its name."""

_INSTANCES = Archive(
    "annotations/annotations_trainval2017.zip",
    "annotations/instances_val2017.json",
    252_907_541,
    "f4bbac642086de4f52a3fdda2de5fa2c",
)

PARTS = {
    "train": (
        _INSTANCES,
        Archive("zips/train2017.zip", "train2017", 19_336_861_798, "cced6f7f71b7629ddf16f17bbcfab6b2"),
    ),
    "val": (_INSTANCES, Archive("zips/val2017.zip", "val2017", 815_585_330, "442b8da7639aecaf257c1dceb8ba8c80")),
    "test": (
        # About 1 MB; without a published checksum, but a ZIP file has those of its contents.
        Archive("annotations/image_info_test2017.zip", "annotations/image_info_test-dev2017.json", None, None),
        Archive("zips/test2017.zip", "test2017", 6_646_970_404, "77ad2c53ac5d0aea611d422c0938fb35"),
    ),
}


def get_coco(
    folder: Path,
    parts: Sequence[str],
    address: str | None = None,
    *,
    dry: bool = False,
    log: Callable[[str], None] = print,
) -> None:
    """Get those of `parts` ("train", "val", "test") that are not yet in `folder`, as `get_archives`.
    `address`: URL of a mirror."""
    get_archives("COCO 2017", PARTS, folder, parts, address or SERVER, dry=dry, log=log)
