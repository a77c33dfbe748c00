"""Images of training that are in validation, too: the same file, or nearly the same picture.

Nearly the same: the difference hashes (64 bits: whether each of 8 x 8 places is brighter than the one to its left)
differ in few bits, and so little do the pictures in that size.
"""

import hashlib
from collections.abc import Callable, Sequence
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from mnv3.tools.data.survey import look_at_all
from mnv3.tools.files.write import write_json
from mnv3.tools.text.plain import listed

SIDE = 8
MOST_BITS = 4
"""Bits in which hashes of nearly the same pictures differ."""

MOST_GREY = 6.0
"""Mean difference of their brightness, of 255, in that size."""

LEAST_CONTRAST = 6.0
"""Standard deviation of brightness below which a picture is too flat to be compared."""

AT_A_TIME = 4096
"""Images whose hashes are compared with all others at once."""

PAIRS = 1000
"""Most pairs that are written down."""


class Prints(NamedTuple):
    """`digests` [N] of the files' content, empty for unreadable images; `small` [N, 8, 9] float32 brightness, NaN for
    unreadable and flat ones."""

    digests: list[bytes]
    small: np.ndarray


def report_duplicates(train: Sequence[Path], val: Sequence[Path], out: Path, log: Callable[[str], None]) -> None:
    """Log which of the images `train` are in `val`, too; write all pairs to `out`/duplicates.json, if any."""
    ours, theirs = prints(train), prints(val)
    same, similar = same_files(ours, theirs), similar_pictures(ours, theirs)
    known = set(same)
    similar = [pair for pair in similar if pair not in known]
    lines = [
        *_line(same, train, val, "are in val, too (the same files): their score is learnt by heart"),
        *_line(
            similar,
            train,
            val,
            f"look like one of val (8 x 8 difference hashes that differ in at most {MOST_BITS} bits; look at them): "
            "pictures of one scene or video belong in one split",
        ),
    ]
    for line in lines:
        log(line)
    where = out / "duplicates.json"
    where.unlink(missing_ok=True)  # of an earlier check
    if lines:
        names = {
            kind: [[str(train[i]), str(val[j])] for i, j in pairs[:PAIRS]]
            for kind, pairs in (("same_files", same), ("similar_pictures", similar))
        }
        write_json(where, names)
        log(f"  Pairs of images: {where}")


def _line(pairs: Sequence[tuple[int, int]], train: Sequence[Path], val: Sequence[Path], what: str) -> list[str]:
    named = [f"{_named(train[i])} and {_named(val[j])}" for i, j in pairs]
    count = len({i for i, _ in pairs})
    return [f"{count:,} of {len(train):,} images of train {what}: {listed(named)}."] if pairs else []


def _named(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"


def prints(paths: Sequence[Path]) -> Prints:
    """Read and reduce all images."""
    found = look_at_all(lambda index: _print(paths[index]), len(paths))
    small = np.array([picture for _, picture in found], dtype=np.float32).reshape(-1, SIDE, SIDE + 1)
    return Prints([digest for digest, _ in found], small)


def _print(path: Path) -> tuple[bytes, np.ndarray]:
    unknown = np.full((SIDE, SIDE + 1), np.nan, dtype=np.float32)
    try:
        content = path.read_bytes()
        with Image.open(BytesIO(content)) as image:
            image.draft("L", (8 * SIDE, 8 * SIDE))  # decodes a JPEG at an eighth of its size
            small = np.array(image.convert("L").resize((SIDE + 1, SIDE), Image.Resampling.BOX), dtype=np.float32)
    except Exception:  # damage makes Pillow fail in arbitrary ways; the check has reported it
        return b"", unknown
    return hashlib.blake2b(content, digest_size=16).digest(), small if small.std() >= LEAST_CONTRAST else unknown


def same_files(ours: Prints, theirs: Prints) -> list[tuple[int, int]]:
    """Return the pairs of files with the same content."""
    places: dict[bytes, list[int]] = {}
    for place, digest in enumerate(theirs.digests):
        places.setdefault(digest, []).append(place)
    return [(i, j) for i, digest in enumerate(ours.digests) if digest for j in places.get(digest, [])]


def similar_pictures(ours: Prints, theirs: Prints) -> list[tuple[int, int]]:
    """Return the pairs of nearly the same pictures, the most similar first within a portion."""
    pairs = []
    other = _signs(theirs.small)
    for start in range(0, len(ours.small), AT_A_TIME):
        portion = ours.small[start : start + AT_A_TIME]
        differing = (SIDE * SIDE - _signs(portion) @ other.T) / 2  # Hamming distances, [n, m]
        i, j = np.nonzero(differing <= MOST_BITS)
        grey = np.abs(portion[i] - theirs.small[j]).mean(axis=(1, 2))
        near = grey <= MOST_GREY  # never for NaN
        order = np.argsort(differing[i[near], j[near]], kind="stable")
        pairs += [(start + int(a), int(b)) for a, b in zip(i[near][order], j[near][order], strict=True)]
    return pairs


def _signs(small: np.ndarray) -> np.ndarray:
    """Return the bits of difference hashes as -1 and 1, [N, 64] float32."""
    bits = small[:, :, 1:] > small[:, :, :-1]
    return np.where(bits, 1, -1).astype(np.float32).reshape(len(small), SIDE * SIDE)
