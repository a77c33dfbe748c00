"""Download PASCAL VOC 2012 from its server."""

from collections.abc import Callable, Sequence
from pathlib import Path

from mnv3.tools.data.archives import Archive, get_archives
from mnv3.tools.data.voc import find_folder

SERVER = "http://host.robots.ox.ac.uk"
"""VOC's own, which has no https."""

FOLDER = "VOCdevkit/VOC2012"
"""Of the data set in the archive."""

LIST = "ImageSets/Segmentation/val.txt"
"""A file in it that the archive of the test images lacks."""

_TRAINVAL = Archive(
    "pascal/VOC/voc2012/VOCtrainval_11-May-2012.tar",
    f"{FOLDER}/{LIST}",
    1_999_639_040,
    "6cd6e144f989b92b3379bac3b3de84fd",
)

PARTS = {"train": (_TRAINVAL,), "val": (_TRAINVAL,)}
"""Both come in one archive; the test images need an account on the evaluation server."""


def get_voc(
    root: Path,
    parts: Sequence[str],
    address: str | None = None,
    *,
    dry: bool = False,
    log: Callable[[str], None] = print,
) -> None:
    """Get `parts` into the folder voc of the data root, as `get_archives`, unless the data root has VOC 2012 already.
    `address`: URL of a mirror, with the folders of VOC's server."""
    found = find_folder(root)
    if found and found != root / "voc" / FOLDER and (found / LIST).is_file():
        log(f"{found} exists already.")
        return
    get_archives("PASCAL VOC 2012", PARTS, root / "voc", parts, address or SERVER, dry=dry, log=log)
