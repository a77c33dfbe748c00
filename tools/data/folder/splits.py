"""Which split a file belongs to by the names of its folders, and a seeded split where no name does."""

import hashlib
import re
from collections.abc import Iterable
from functools import lru_cache
from pathlib import PurePosixPath

SPLITS = {
    "train": "train",
    "training": "train",
    "val": "val",
    "valid": "val",
    "validation": "val",
    "test": "test",
    "testing": "test",
}
"""Split by word."""

BESIDE = re.compile(
    "annot(?:ation)?s?|boxes|coco|csv|data|dataset|images?|imgs?|instances|jpegimages|json|keypoints|labels?|masks?|obj"
    "|person|set|split|xml"
)
"""Words that may stand beside the split's in a name: `instances_train2017.json`, `val_images`."""


JOINED = re.compile("^(train|val|test)(?=annot$)")
"""The split in `trainannot`, as CamVid's folders are named."""


def split_of_folder(file: str) -> str | None:
    """Return the split that one of the file's folders is named after, None without one."""
    words = map(split_of_name, PurePosixPath(file).parts[:-1])
    return next((word for word in words if word), None)


def split_of_label(file: str) -> str | None:
    """As `split_of_folder`, or by the name of the file itself, for label files of many images."""
    return split_of_folder(file) or split_of_name(PurePosixPath(file).stem)


@lru_cache(maxsize=4096)
def split_of_name(name: str) -> str | None:
    """Return the split of a name such as `train`, `Validation`, `train2017` or `val_images`, None of others."""
    words = [word for word in re.split(r"[^a-z]+", JOINED.sub(r"\1 ", name.lower())) if word]
    found = [SPLITS[word] for word in words if word in SPLITS]
    return found[0] if len(found) == 1 and all(word in SPLITS or BESIDE.fullmatch(word) for word in words) else None


def seeded_share(files: Iterable[str], share: float, seed: int) -> frozenset[str]:
    """Return a `share` of `files`, at least one and never all. It depends on nothing but their names and `seed`: not on
    the folders, so that it is the same in each format, and files that are added leave most others where they were."""

    def rank(file: str) -> tuple[bytes, str]:
        return hashlib.sha256(f"{seed}/{PurePosixPath(file).name}".encode()).digest(), file

    ranked = sorted(files, key=rank)
    count = min(max(1, round(share * len(ranked))), len(ranked) - 1) if share > 0 else 0
    return frozenset(ranked[: max(count, 0)])
