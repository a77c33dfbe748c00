"""Label maps of any data set as PNGs of ids, read by Pillow."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from omegaconf import OmegaConf
from PIL import ExifTags, Image

from mnv3.lraspp.data.classes import CITYSCAPES
from mnv3.lraspp.data.formats import to_png
from mnv3.lraspp.data.frames import Frame
from mnv3.lraspp.data.pixels import decode
from mnv3.tools.errors import UserError
from tests.lraspp.cityscapes_files import write_cityscapes
from tests.lraspp.data.files import section, values_of
from tests.lraspp.data.formats.opening import configured, opened
from tests.mask_files import NAMES, WRITERS, draw
from tests.voc_files import label_values, write_voc

DRAWN = draw(6, 2)


def convert(dataset: Any, out: Path, on_error: str = "raise") -> list[str]:
    """Convert all splits; return what is logged, and the last line."""
    lines: list[str] = []
    last = to_png.convert(OmegaConf.create(dataset), section(out.parent, on_error), None, out, lines.append)
    return [*lines, last]


@pytest.mark.parametrize("format_", WRITERS)
def test_every_format_gives_the_masks_that_were_drawn(tmp_path: Path, format_: str) -> None:
    WRITERS[format_](tmp_path / "own", DRAWN)
    out = tmp_path / "out"
    last = convert(configured(tmp_path / "own"), out)[-1]
    assert "train 4, val 2 images with 3 classes" in last
    assert [line.split()[:2] for line in (out / "classes.txt").read_text().splitlines()] == [
        [str(number), name] for number, name in enumerate(NAMES)
    ]
    for image in DRAWN:
        png = Image.open(out / "masks" / image.split / f"{image.name[:-4]}.png")
        assert png.mode == "L" and np.array_equal(np.array(png), image.ids)
        copy = out / "images" / image.split / image.name
        assert copy.read_bytes() == next((tmp_path / "own").rglob(image.name)).read_bytes()
    again = convert(configured(out), tmp_path / "again")[-1]
    assert again.replace("again", "out") == last


def test_ids_stay_and_all_that_is_ignored_is_255(tmp_path: Path) -> None:
    write_cityscapes(tmp_path / "cityscapes")
    convert({"name": "cityscapes"}, tmp_path / "out")
    sources = sorted((tmp_path / "cityscapes").rglob("val/*/*labelIds.png"))
    copies = sorted((tmp_path / "out" / "masks" / "val").iterdir())
    ids = [entry.id for entry in CITYSCAPES]
    for source, copy in zip(sources, copies, strict=True):
        values = values_of(source)
        assert np.array_equal(values_of(copy), np.where(np.isin(values, ids), values, 255))
    assert "\n8 sidewalk #f423e8\n" in (tmp_path / "out" / "classes.txt").read_text()


def test_a_class_of_255_gets_another_id(tmp_path: Path) -> None:
    WRITERS["ids"](tmp_path / "own", DRAWN)
    (tmp_path / "own" / "classes.txt").write_text("255 rot\n0 background\n1 leaf\n")
    for file in (tmp_path / "own" / "masks").rglob("*.png"):
        values = values_of(file)
        Image.fromarray(np.where(values == 2, 255, values).astype(np.uint8)).save(file)
    lines = convert(configured(tmp_path / "own"), tmp_path / "out")
    assert any("numbered anew" in line for line in lines)
    for image in DRAWN:
        assert np.array_equal(values_of(tmp_path / "out" / "masks" / image.split / f"{image.name[:-4]}.png"), image.ids)


@pytest.mark.parametrize("orientation", range(2, 9))
def test_labels_of_stored_pixels_are_turned_with_their_photo(tmp_path: Path, orientation: int) -> None:
    folder = write_voc(tmp_path / "VOC2012")
    photo = folder / "JPEGImages" / "2009_000004.jpg"
    image = Image.open(photo)
    image.getexif()[ExifTags.Base.Orientation] = orientation
    before = np.array(image)
    image.save(photo, exif=image.getexif(), quality=95)
    lines = convert({"name": "voc"}, tmp_path / "out")
    assert any("turned" in line and photo.name in line for line in lines)
    back = opened(tmp_path / "out", "val")
    frame = next(frame for frame in back.frames if frame.name.endswith("2009_000004"))
    pixels, values = decode(frame)
    dog = values == 12
    assert dog.sum() == (label_values() == 12).sum()
    want = before[label_values() == 12].mean(axis=0)
    np.testing.assert_allclose(pixels[dog].mean(axis=0), want, atol=3)


def test_frames_that_cannot_be_read_are_refused_or_left_out(tmp_path: Path) -> None:
    WRITERS["ids"](tmp_path / "own", DRAWN)
    image = next((tmp_path / "own" / "images" / "train").iterdir())
    image.write_bytes(image.read_bytes()[:300])
    with pytest.raises(UserError, match=rf"1 of 4 frames cannot be converted: .*{image.name}.*on_error=skip"):
        convert(configured(tmp_path / "own"), tmp_path / "out")
    assert not (tmp_path / "out").exists()
    convert(configured(tmp_path / "own"), tmp_path / "out", "skip")
    assert len(opened(tmp_path / "out")) == 3 and len(list((tmp_path / "out" / "masks" / "train").iterdir())) == 3


def test_values_without_a_class_are_refused(tmp_path: Path) -> None:
    WRITERS["ids"](tmp_path / "own", DRAWN)
    (tmp_path / "own" / "classes.txt").write_text("background\nleaf\n")
    with pytest.raises(UserError, match=r"values that masks does not have: 2"):
        convert(configured(tmp_path / "own"), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_test_split_without_labels_is_copied_but_not_alone(tmp_path: Path) -> None:
    write_cityscapes(tmp_path / "cityscapes")
    convert({"name": "cityscapes"}, tmp_path / "out")
    assert not (tmp_path / "out" / "masks" / "test").exists() and not opened(tmp_path / "out", "test").has_labels
    keys = OmegaConf.create({"name": "cityscapes"}), section(tmp_path)
    with pytest.raises(UserError, match="no frame of test has a label file"):
        to_png.convert(*keys, "test", tmp_path / "other", print)


def test_a_difference_on_reading_back_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    WRITERS["ids"](tmp_path / "own", DRAWN)
    right = to_png._labels

    def changed(frame: Frame, *rest: Any) -> np.ndarray:
        labels = right(frame, *rest)
        labels[0, 0] = 2 - labels[0, 0]
        return labels

    monkeypatch.setattr(to_png, "_labels", changed)
    with pytest.raises(UserError, match="train: pixels of label files"):
        convert(configured(tmp_path / "own"), tmp_path / "out")
    assert not (tmp_path / "out").exists()
