"""Images of training that are in validation, too."""

import json
from pathlib import Path

import numpy as np
from PIL import Image, ImageEnhance

from mnv3.tools.data.duplicates import prints, report_duplicates, same_files, similar_pictures


def scene(seed: int) -> Image.Image:
    """A picture of soft blobs."""
    small = np.random.default_rng(seed).integers(0, 256, (12, 16, 3), dtype=np.uint8)
    return Image.fromarray(small).resize((320, 240), Image.Resampling.BICUBIC)


def write(folder: Path) -> tuple[list[Path], list[Path]]:
    """Twenty scenes each; of train, 3 is copied to val, 5 as a smaller JPEG, 7 brighter; broken and flat ones."""
    train, val = [], []
    for split, paths, first in (("train", train, 0), ("val", val, 100)):
        (folder / split).mkdir()
        for number in range(20):
            paths.append(folder / split / f"{number:02}.png")
            scene(first + number).save(paths[-1])
    val[4].write_bytes(train[3].read_bytes())
    val[6] = folder / "val" / "smaller.jpg"
    scene(5).resize((200, 150)).save(val[6], quality=60)
    ImageEnhance.Brightness(scene(7)).enhance(1.03).save(val[8])
    for paths in (train, val):
        paths[10].write_bytes(b"broken")
        Image.new("RGB", (64, 48), (9, 9, 9)).save(paths[11])
        Image.new("RGB", (64, 48), (10, 10, 10)).save(paths[12])
    return train, val


def test_copies_and_nearly_equal_pictures_are_found_and_no_others(tmp_path: Path) -> None:
    train, val = map(prints, write(tmp_path))
    assert same_files(train, val) == [(3, 4), (11, 11), (12, 12)]
    assert sorted(similar_pictures(train, val)) == [(3, 4), (5, 6), (7, 8)]


def test_hashes_differ_in_the_bits_that_they_are_said_to(tmp_path: Path) -> None:
    """Compared with Pillow's own pixels, bit by bit."""
    path = tmp_path / "a.png"
    scene(0).save(path)
    small = np.array(scene(0).convert("L").resize((9, 8), Image.Resampling.BOX))
    assert np.array_equal(prints([path]).small[0], small)


def test_what_is_reported(tmp_path: Path) -> None:
    train, val = write(tmp_path)
    lines: list[str] = []
    report_duplicates(train, val, tmp_path, lines.append)
    same, similar, where = lines
    assert (
        "3 of 20" in same
        and "train/03.png and val/04.png" in same
        and "2 of 20" in similar
        and "smaller.jpg" in similar
    )
    found = json.loads((tmp_path / "duplicates.json").read_text())
    assert [str(train[3]), str(val[4])] in found["same_files"] and len(found["similar_pictures"]) == 2
    assert str(tmp_path / "duplicates.json") in where
    (tmp_path / "duplicates.json").unlink()
    lines.clear()
    report_duplicates(train[:3], val[:3], tmp_path, lines.append)
    assert not lines and not (tmp_path / "duplicates.json").exists()
