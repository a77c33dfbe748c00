"""YOLO's labels and data.yaml: what is understood, and what is refused."""

from pathlib import Path

import numpy as np
import pytest

from mnv3.tools.errors import Absent, UserError
from tests.box_files import draw, write, write_yolo
from tests.ssdlite.data.formats.opening import opened

DRAWN = draw(8, 2)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_yolo(tmp_path / "cells", DRAWN)
    return tmp_path / "cells"


def relabel(folder: Path, text: str, image: int = 0) -> None:
    write(folder / "train" / "labels" / f"{DRAWN[image].name[:-4]}.txt", text)


def rewrite(folder: Path, **keys: str) -> None:
    """A data.yaml with paths inside of the folder, but for `keys`."""
    lines = {"train": "train/images", "val": "valid/images", "names": "[bus, car, dog]"} | keys
    write(folder / "data.yaml", "".join(f"{key}: {value}\n" for key, value in lines.items()))


def refusal(folder: Path, split: str = "train") -> str:
    with pytest.raises(UserError) as caught:
        opened(folder, split)
    assert not isinstance(caught.value, Absent)
    return str(caught.value)


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ("3 0.5 0.5 0.1 0.1", "(3)"),
        ("-1 0.5 0.5 0.1 0.1", "(-1)"),
        ("0.5 0.5 0.5 0.1 0.1", "(0.5)"),
        ("bus 0.5 0.5 0.1 0.1", "bus"),
        ("0 0.5 0.5 0.1 nan", "nan"),
        ("0 0.5 0.5 0.1", "three points"),
        ("0 0.5 0.5 0.1 0.1 0.9", "three points"),
        ("0", "three points"),
        ("0 32 24 10 10", "outside 0 to 1"),
        ("0 0.5 0.5 0.1 -0.1", "outside 0 to 1"),
    ],
)
def test_a_bad_line_is_named(folder: Path, line: str, named: str) -> None:
    relabel(folder, f"0 0.5 0.5 0.2 0.2\n\n{line}\n")
    told = refusal(folder)
    assert named in told and "train/labels/frame 00.txt, line 3" in told


def test_all_kinds_of_mistakes_are_told_at_once(folder: Path) -> None:
    relabel(folder, "9 0.5 0.5 0.2 0.2\n0 1 2 3\n", 0)
    relabel(folder, "9 0.5 0.5 0.2 0.2\n", 1)
    with pytest.raises(UserError) as caught:
        opened(folder)
    ids, short = caught.value.problems
    assert "frame 00.txt, line 1" in ids and "frame 01.txt" in ids and "line 2" in short


def test_polygons_become_boxes_and_rounding_is_clipped(folder: Path) -> None:
    relabel(folder, "1 0.1 0.2 0.5 0.25 0.3 0.75\n2 0.96 0.5 0.08 0.5\n1 0.5 0.5 1.004 1.0\n")
    lines: list[str] = []
    data = opened(folder, lines=lines)
    height, width = DRAWN[0].size
    np.testing.assert_allclose(data.boxes[0], [0.1 * width, 0.2 * height, 0.4 * width, 0.55 * height])
    assert data.corners[2].tolist() == [0, 0, width, height]
    assert any("polygons" in line and ": 1, in" in line for line in lines)


def test_keypoints_are_left_out(folder: Path) -> None:
    rewrite(folder, kpt_shape="[1, 3]")
    relabel(folder, "1 0.5 0.5 0.2 0.2 0.5 0.5 2\n")
    lines: list[str] = []
    height, width = DRAWN[0].size
    np.testing.assert_allclose(opened(folder, lines=lines).boxes[0][2:], [0.2 * width, 0.2 * height])
    assert any("keypoints" in line for line in lines)


def test_images_without_labels_and_labels_without_images(folder: Path) -> None:
    (folder / "train" / "labels" / "frame 01.txt").unlink()
    (folder / "train" / "labels" / "frame 02.txt").write_text("")
    (folder / "train" / "images" / "frame 03.jpg").unlink()
    lines: list[str] = []
    data = opened(folder, lines=lines)
    assert len(data) == 5 and np.diff(data.starts)[1:3].tolist() == [0, 0] and data.has_annotations
    assert any("frame 01.jpg" in line and "frame 05.jpg" in line and "without objects" in line for line in lines)
    assert any("frame 03.txt" in line and "left out" in line for line in lines)
    for file in (folder / "train" / "labels").iterdir():
        file.unlink()
    for file in (folder / "valid" / "labels").iterdir():
        file.unlink()
    assert "labels/NAME.txt" in refusal(folder)


def test_a_test_split_without_labels_is_predicted(folder: Path) -> None:
    DRAWN[0].save(folder / "test" / "images")
    assert not opened(folder, "test").has_annotations


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("train", "/etc"),
        ("train", "../../elsewhere/images"),
        ("val", "../elsewhere/images"),
        ("train", "train/../../elsewhere"),
        ("train", r"C:\data\train\images"),
        ("train", "~/images"),
        ("path", "/content/datasets/cells"),
        ("path", "../elsewhere"),
        ("train", "[train/images, ../elsewhere/images]"),
    ],
)
def test_paths_that_leave_the_folder_are_refused(folder: Path, key: str, value: str) -> None:
    DRAWN[0].save(folder.parent / "elsewhere" / "images")
    rewrite(folder, **{key: value})
    told = refusal(folder)
    assert f"{key}: " in told and "data.yaml" in told


@pytest.mark.parametrize(
    ("keys", "noted"),
    [
        ({"train": "../train/images"}, True),
        ({"train": "cells/train/images"}, True),
        ({"path": "datasets", "train": "train/images"}, True),
        ({"path": ".", "train": "./train/images/"}, False),
        ({"path": "train", "train": "images", "val": "../valid/images"}, False),
        ({"train": r"train\images"}, False),
        ({"train": "[train/images]"}, False),
        ({"names": "{0: bus, 1: car, 2: dog}"}, False),
        ({"names": "{0: bus, 1: car, 2: dog}", "nc": "3"}, False),
    ],
)
def test_usual_paths_and_names(folder: Path, keys: dict[str, str], noted: bool) -> None:
    rewrite(folder, **keys)
    lines: list[str] = []
    data = opened(folder, lines=lines)
    assert len(data) == 6 and [category.name for category in data.categories] == ["bus", "car", "dog"]
    assert any("data.yaml: " in line for line in lines) == noted


def test_the_folder_s_own_path_may_be_absolute(folder: Path) -> None:
    rewrite(folder, path=str(folder), train=f"{folder}/train/images")
    assert len(opened(folder)) == 6


def test_lists_of_images(folder: Path) -> None:
    write(folder / "train.txt", "./train/images/frame 00.jpg\n/home/me/cells/train/images/frame 02.jpg\n")
    rewrite(folder, train="train.txt")
    assert [name[-6:-4] for name in opened(folder).file_names] == ["00", "02"]
    write(folder / "train.txt", "train/images/none.jpg\n")
    assert "none.jpg" in refusal(folder)


def test_one_folder_for_two_splits_is_told(folder: Path) -> None:
    rewrite(folder, val="train/images")
    lines: list[str] = []
    assert len(opened(folder, "val", lines)) == 6
    assert any("in train and in val: 6" in line for line in lines)


@pytest.mark.parametrize(
    "names",
    ["!!python/object/apply:os.system [ls]", "&a [bus, *a]", "[bus, bus]", "[bus, '']", "3", "[]", "{a: bus}", "[bus"],
)
def test_odd_yaml_is_refused(folder: Path, names: str) -> None:
    rewrite(folder, names=names)
    assert "data.yaml" in refusal(folder)


def test_a_tag_is_named_as_such_and_a_repeated_key_is_refused(folder: Path) -> None:
    rewrite(folder, names="!!python/object/apply:os.system [ls]")
    assert "line 3" in refusal(folder) and "cut short" not in refusal(folder)
    rewrite(folder)
    data = folder / "data.yaml"
    data.write_text(data.read_text() + "names: [dog, car, bus]\n")
    assert "twice" in refusal(folder) and "names" in refusal(folder)


def test_a_count_that_is_not_that_of_the_names(folder: Path) -> None:
    rewrite(folder, nc="5")
    assert "nc is 5" in refusal(folder)


def test_classes_txt_instead_of_data_yaml(folder: Path) -> None:
    (folder / "data.yaml").unlink()
    assert "classes.txt" in refusal(folder)
    write(folder / "classes.txt", "bus\ncar\ndog\n\n")
    assert len(opened(folder)) == 6 and len(opened(folder, "val")) == 2
    write(folder / "classes.txt", "bus\n\ndog\n")
    assert "classes.txt" in refusal(folder)


def test_labels_beside_the_images(folder: Path, tmp_path: Path) -> None:
    flat = tmp_path / "flat"
    for image in DRAWN:
        image.save(flat)
    for file in folder.glob("*/labels/*.txt"):
        write(flat / file.name, file.read_text())
    write(flat / "_darknet.labels", "bus\ncar\ndog")
    data = opened(flat, val_share=0)
    assert len(data) == 8 and len(data.boxes) == sum(len(image.boxes) for image in DRAWN)
    with pytest.raises(Absent, match="no split 'val'"):
        opened(flat, "val", val_share=0)


def test_an_unreadable_image_has_no_boxes_and_is_told(folder: Path) -> None:
    (folder / "train" / "images" / "frame 00.jpg").write_bytes(b"no image")
    lines: list[str] = []
    data = opened(folder, lines=lines)
    assert len(data) == 6 and np.diff(data.starts)[0] == 0
    assert any("frame 00.jpg" in line and "size cannot be read" in line for line in lines)
