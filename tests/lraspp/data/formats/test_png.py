"""Label files of ids, palettes, colours, and black and white: what is found, and what is refused."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from mnv3.lraspp.data.frames import IGNORE, FrameData
from mnv3.lraspp.data.labels.look import glance
from mnv3.lraspp.data.labels.verdict import faults, remarks
from mnv3.lraspp.data.sets import open_dataset
from mnv3.tools.errors import Absent, UserError
from tests.lraspp.data.files import section, silent
from tests.lraspp.data.formats.opening import classes_of, configured, opened
from tests.mask_files import COLOURS, NAMES, draw, save, write, write_cvat, write_ids, write_palette

DRAWN = draw(6, 2)


def problems(folder: Path, split: str = "train", **keys: Any) -> str:
    with pytest.raises(UserError) as caught:
        opened(folder, split, **keys)
    return "\n".join(caught.value.problems)


def names(data: FrameData) -> list[str]:
    return [entry.name for entry in data.classes]


def beside(folder: Path, suffix: str) -> None:
    """Images and label files in one folder."""
    for image in DRAWN:
        image.save(folder)
        save(folder / f"{image.name[:-4]}{suffix}.png", image.ids)


def test_names_are_derived_from_values_and_palettes(tmp_path: Path) -> None:
    write_palette(tmp_path / "a", DRAWN)
    (tmp_path / "a" / "classes.txt").unlink()
    lines: list[str] = []
    data = opened(tmp_path / "a", lines=lines)
    assert names(data) == ["class 0", "class 1", "class 2"] and data.table[255] == IGNORE
    assert [entry.colour for entry in data.classes] == list(COLOURS)
    assert lines[0].count("class 0") == 1 and "by their values" in lines[0]


def test_a_palette_with_some_colours_of_a_labelmap_in_another_order_is_refused(tmp_path: Path) -> None:
    write_palette(tmp_path / "a", DRAWN)
    (tmp_path / "a" / "classes.txt").unlink()
    lines = {"rot": "220,40,40", "background": "0,0,0", "leaf": "40,200,60"}
    labelmap = tmp_path / "a" / "labelmap.txt"
    write(labelmap, "".join(f"{name}:{colour}::\n" for name, colour in lines.items()))
    assert names(opened(tmp_path / "a")) == [*lines]  # by their colours
    write(labelmap, labelmap.read_text().replace("220,40,40", "220,40,41"))
    found = problems(tmp_path / "a")
    assert "#dc2828" in found and "classes.txt" in found
    write(labelmap, "background:0,0,0::\nleaf:40,200,60::\nrot:220,40,41::\n")  # in the order of the values
    assert names(opened(tmp_path / "a")) == ["background", "leaf", "rot"]


def test_a_value_of_another_split_is_a_class_of_all(tmp_path: Path) -> None:
    write_ids(tmp_path / "a", DRAWN)
    (tmp_path / "a" / "classes.txt").unlink()
    for file in (tmp_path / "a" / "masks" / "train").iterdir():
        save(file, np.array(Image.open(file)) // 2)
    assert [len(opened(tmp_path / "a", split).classes) for split in ("train", "val")] == [3, 3]


def test_black_and_white(tmp_path: Path) -> None:
    for image in DRAWN:
        image.save(tmp_path / "a" / "images")
        save(tmp_path / "a" / "masks" / f"{image.name[:-4]}.png", 255 * (image.ids > 0).astype(np.uint8))
    data = opened(tmp_path / "a")
    assert names(data) == ["background", "foreground"] and data.ids.tolist() == [0, 255] and not data.ignored_ids
    write(tmp_path / "a" / "classes.txt", "wall\nleaf\n")
    for dataset in ({}, {"classes": ["0 wall #000000", "255 leaf #ffffff"], "ignore": []}):
        data = opened(tmp_path / "a", "val", **dataset)
        assert names(data) == ["wall", "leaf"] and data.ids.tolist() == [0, 255]
    write(tmp_path / "a" / "classes.txt", "leaf\n")
    assert names(opened(tmp_path / "a")) == ["background", "leaf"]
    for file in (tmp_path / "a" / "masks").iterdir():  # the same as colours
        Image.open(file).convert("RGB").save(file)
    coloured = opened(tmp_path / "a")
    assert names(coloured) == ["background", "leaf"] and coloured.ids.tolist() == [0, 1]
    wanted = {image.name[:-4]: image.ids > 0 for image in DRAWN}
    assert all((wanted[name] == labels).all() for name, labels in classes_of(coloured).items())


@pytest.mark.parametrize("ignore", [[0, 255], [0], 0, "background", ["background", 255]])
def test_several_ignored_values(tmp_path: Path, ignore: object) -> None:
    write_ids(tmp_path / "a", DRAWN)
    data = opened(tmp_path / "a", ignore=ignore)
    assert names(data) == ["leaf", "rot"] and data.table[0] == IGNORE
    write_cvat(tmp_path / "b", DRAWN)
    data = opened(tmp_path / "b", ignore=ignore)
    assert names(data) == ["leaf", "rot"]
    found = classes_of(data)
    assert all((found[image.name[:-4]] == image.ids - np.uint8(1)).all() for image in DRAWN if image.split == "train")


def test_the_configuration_keeps_what_was_found(tmp_path: Path) -> None:
    write_cvat(tmp_path / "a", DRAWN)
    dataset = configured(tmp_path / "a", ignore=["rot"])
    open_dataset(dataset, section(tmp_path / "root"), "train", silent)
    assert list(dataset.classes)[1:] == ["1 leaf #28c83c", "2 rot #dc2828"] and list(dataset.ignore) == ["rot"]


def test_colours_without_names_are_listed_with_a_template(tmp_path: Path) -> None:
    write_cvat(tmp_path / "a", DRAWN)
    labelmap = (tmp_path / "a" / "labelmap.txt").read_text()
    (tmp_path / "a" / "labelmap.txt").unlink()
    text = problems(tmp_path / "a")
    assert "#28c83c" in text and "% of the pixels, in 6 files" in text and "labelmap.txt" in text
    template = [line.strip() for line in text.splitlines() if line.endswith("::")]
    assert len(template) == 3
    write(tmp_path / "a" / "labelmap.txt", "\n".join(template))
    assert names(opened(tmp_path / "a")) == ["class 0", "class 1", "class 2"]
    (tmp_path / "a" / "labelmap.txt").unlink()
    table = "".join(f"{name}, {r}, {g}, {b}\n" for name, (r, g, b) in zip(NAMES, COLOURS, strict=True))
    for name, content in (
        ("class_dict.csv", f"name,r,g,b\n{table}"),
        ("classes.txt", "background #000000\nleaf #28c83c\nrot #dc2828\n"),
        ("labelmap.txt", labelmap),
    ):
        write(tmp_path / "a" / name, content)
        data = opened(tmp_path / "a")
        assert names(data) == list(NAMES)
        assert (classes_of(data)[DRAWN[0].name[:-4]] == DRAWN[0].ids).all()
        (tmp_path / "a" / name).rename(tmp_path / name)
        assert names(opened(tmp_path / "a", names=str(tmp_path / name))) == list(NAMES)


def test_smoothed_and_lossy_masks_are_refused(tmp_path: Path) -> None:
    write_cvat(tmp_path / "a", DRAWN)
    (tmp_path / "a" / "labelmap.txt").unlink()
    folder = tmp_path / "a" / "SegmentationClass"
    for file in sorted(folder.iterdir()):
        image = Image.open(file)
        image.resize((300, 300), Image.Resampling.BICUBIC).save(file)
    assert "too many to be classes" in problems(tmp_path / "a")
    for file in sorted(folder.iterdir()):
        Image.open(file).save(file.with_suffix(".jpg"))
        file.unlink()
    assert "with loss" in problems(tmp_path / "a")


def test_a_colour_without_a_class_is_named(tmp_path: Path) -> None:
    write_cvat(tmp_path / "a", DRAWN)
    file = tmp_path / "a" / "SegmentationClass" / "frame 00.png"
    pixels = np.array(Image.open(file))
    pixels[:2, :5] = (41, 200, 60)
    save(file, pixels)
    text = problems(tmp_path / "a")
    assert "#29c83c" in text and "10 pixels in 1 files" in text and "frame 00.png" in text and "leaf is #28c83c" in text


def test_values_without_a_name_and_16_bits(tmp_path: Path) -> None:
    write_ids(tmp_path / "a", DRAWN)
    file = tmp_path / "a" / "masks" / "train" / "frame 00.png"
    values = np.array(Image.open(file))
    save(file, np.where(values == 2, 7, values).astype(np.uint8))
    text = "\n".join(faults(glance(opened(tmp_path / "a"))))
    assert "does not have: 7" in text and "frame 00" in text
    save(file, np.zeros_like(values))
    assert any("one single value: 1: images/train/frame 00" in line for line in remarks(glance(opened(tmp_path / "a"))))
    for wide in (tmp_path / "a" / "masks").rglob("*.png"):
        save(wide, np.array(Image.open(wide)).astype(np.uint16))
    data = opened(tmp_path / "a", "val")
    assert (classes_of(data)[DRAWN[-1].name[:-4]] == DRAWN[-1].ids).all()
    save(file, values.astype(np.uint16) + 1000)
    assert "values up to 100" in problems(tmp_path / "a")


@pytest.mark.parametrize("suffix", ["_mask", "_L", "-gt"])
def test_label_files_beside_images(tmp_path: Path, suffix: str) -> None:
    beside(tmp_path / "a", suffix)
    lines: list[str] = []
    keys = {"label_suffix": suffix} if suffix == "-gt" else {}
    assert len(opened(tmp_path / "a", lines=lines, **keys)) == 5 and f"with {suffix}" in lines[0]
    if suffix == "-gt":
        assert "no labels" in problems(tmp_path / "a")


def test_folders_of_camvid_and_of_splits_with_equal_names(tmp_path: Path) -> None:
    for split, labels in (("train", "train_labels"), ("val", "valannot")):
        for image in DRAWN[:3]:
            image.save(tmp_path / "a" / split)
            save(tmp_path / "a" / labels / f"{image.name[:-4]}_L.png", image.ids)
            image.save(tmp_path / "b" / split / "images")
            save(tmp_path / "b" / split / "masks" / f"{image.name[:-4]}.png", image.ids)
    for folder in ("a", "b"):
        for split in ("train", "val"):
            data = opened(tmp_path / folder, split)
            assert len(data) == 3
            assert all((frame.label and split in str(frame.label)) for frame in data.frames)


def test_what_is_left_out_is_counted(tmp_path: Path) -> None:
    write_ids(tmp_path / "a", DRAWN)
    (tmp_path / "a" / "masks" / "train" / "frame 00.png").unlink()
    shutil.copy(tmp_path / "a" / "masks" / "train" / "frame 01.png", tmp_path / "a" / "masks" / "train" / "other.png")
    assert "1 label files have no image: masks/train/other.png" in problems(tmp_path / "a")
    lines: list[str] = []
    assert len(opened(tmp_path / "a", lines=lines, on_error="skip")) == 3
    assert "images without labels are left out: 1: images/train/frame 00.jpg." in lines
    with pytest.raises(Absent):
        opened(tmp_path / "a", "test", on_error="skip")
    DRAWN[0]._replace(split="test").save(tmp_path / "a" / "images" / "test")
    data = opened(tmp_path / "a", "test", on_error="skip")
    assert len(data) == 1 and not data.has_labels


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("labelmap.txt", "a:0,0,0::\nb:0,0,0::\n", "colour used twice"),
        ("labelmap.txt", "a:0,0,0::\na:0,0,1::\n", "name used twice"),
        ("labelmap.txt", "a:0,0,300::\n", "0 to 255"),
        ("labelmap.txt", "a:::\n", "no colour"),
        ("class_dict.csv", "name,r,g,b\na,0,0,x\n", "line 2"),
        ("classes.txt", "0 a\n0 b\n", "id 0 is used"),
    ],
)
def test_mistakes_in_files_of_names(tmp_path: Path, name: str, content: str, words: str) -> None:
    write_ids(tmp_path / "a", DRAWN)
    (tmp_path / "a" / "classes.txt").unlink()
    write(tmp_path / "a" / name, content)
    assert words in problems(tmp_path / "a")


def test_other_classes_than_those_of_the_run(tmp_path: Path) -> None:
    write_ids(tmp_path / "a", DRAWN)
    text = problems(tmp_path / "a", classes=["0 background", "1 moss"])
    assert "leaf, rot" in text and "moss" in text
    given = ["0 rot #010203", "1 leaf #000001", "2 background #000002"]  # in another order than the folder's
    data = opened(tmp_path / "a", classes=given)
    assert names(data) == ["rot", "leaf", "background"]
    assert (classes_of(data)["frame 00"] == 2 - DRAWN[0].ids).all()
