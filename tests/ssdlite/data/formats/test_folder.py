"""Which format a folder has, its splits, and what is logged about them."""

from pathlib import Path

import pytest
from PIL import Image

from mnv3.tools.errors import Absent, UserError
from mnv3.tools.images.read import read_image
from tests.box_files import WRITERS, coco_document, draw, labelme_document, write, write_roboflow, write_yolo
from tests.ssdlite.data.formats.opening import opened


def test_two_formats_are_both_named(tmp_path: Path) -> None:
    drawn = draw(6, 2)
    write_yolo(tmp_path, drawn)
    for image in drawn[:4]:
        write(tmp_path / "train" / "images" / f"{image.name[:-4]}.json", labelme_document(image))
    with pytest.raises(UserError) as caught:
        opened(tmp_path)
    told = str(caught.value)
    assert "YOLO" in told and "LabelMe" in told and "dataset.format=yolo or dataset.format=labelme" in told
    assert len(opened(tmp_path, format="yolo")) == 4 and len(opened(tmp_path, format="labelme")) == 3
    with pytest.raises(UserError, match="no labels: looked for CVAT"):
        opened(tmp_path, format="cvat")


def test_what_label_studio_writes_beside_yolo_is_no_second_format(tmp_path: Path) -> None:
    write_yolo(tmp_path, draw(6, 2))
    write(tmp_path / "notes.json", {"categories": [{"id": 0, "name": "bus"}], "info": {"year": 2026}})
    write(tmp_path / "package.json", {"shapes": []})
    assert len(opened(tmp_path)) == 4


def test_no_folder_no_images_no_labels(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no folder"):
        opened(tmp_path / "none")
    with pytest.raises(UserError, match="no image"):
        opened(tmp_path)
    draw(1, 0)[0].save(tmp_path)
    with pytest.raises(UserError, match="looked for COCO"):
        opened(tmp_path)
    for image in draw(6, 1)[5:]:
        write(tmp_path / f"{image.name[:-4]}.json", labelme_document(image._replace(boxes=())))
        image.save(tmp_path)
    with pytest.raises(UserError, match="no label names a class"):
        opened(tmp_path)


def test_the_folder_is_described_once_for_two_splits_and_again_later(tmp_path: Path) -> None:
    write_roboflow(tmp_path, draw(6, 2))
    lines: list[list[str]] = []
    for split in ("train", "val", "train"):
        lines.append([])
        opened(tmp_path, split, lines[-1])
    assert lines[0][0].startswith("COCO: ") and "train 4, val 2 images" in lines[0][0]
    assert len(lines[0]) == 3 and len(lines[1]) == 1 and lines[2] == lines[0]
    assert "Roboflow's root" in lines[0][1]


def test_without_val_it_is_a_share_of_train(tmp_path: Path) -> None:
    drawn = [image._replace(split="test" if image.split == "val" else "train") for image in draw(12, 2)]
    write_roboflow(tmp_path, drawn)
    assert [len(opened(tmp_path, split)) for split in ("train", "val", "test")] == [8, 2, 2]
    with pytest.raises(UserError, match="val_share"):
        opened(tmp_path, val_share=1.0)


def test_a_split_that_is_not_there(tmp_path: Path) -> None:
    write_roboflow(tmp_path, draw(6, 6))
    with pytest.raises(Absent, match=r"no split 'train'; it has val \(6 images\)"):
        opened(tmp_path)
    assert len(opened(tmp_path, "val")) == 6


def test_one_name_in_several_folders(tmp_path: Path) -> None:
    """The nearest image is meant; if two are as near, none is chosen silently."""
    drawn = draw(2, 0)
    for folder in ("a", "b"):
        for image in drawn:
            image.save(tmp_path / folder)
    write(tmp_path / "a" / "labels.json", coco_document(drawn))
    assert sorted(opened(tmp_path, val_share=0).file_names) == ["a/frame 00.jpg", "a/frame 01.jpg"]
    (tmp_path / "a" / "labels.json").rename(tmp_path / "labels.json")
    with pytest.raises(UserError, match=r"a/frame 00\.jpg, b/frame 00\.jpg"):
        opened(tmp_path)


@pytest.mark.parametrize("name", WRITERS)
def test_sizes_that_disagree_with_the_images_are_reported(tmp_path: Path, name: str) -> None:
    """YOLO's labels alone hold none."""
    WRITERS[name](tmp_path, draw(6, 2))
    data = opened(tmp_path)
    Image.new("RGB", (33, 44)).save(data.path(0))
    sizes = tuple(opened(tmp_path).sizes[0].tolist())
    if name == "YOLO":
        assert sizes == (44, 33)
        return
    with pytest.raises(UserError, match="33x44"):
        read_image(data.path(0), (sizes[0], sizes[1]))


@pytest.mark.parametrize(("name", "orientation", "noted"), [("YOLO", 3, 1), ("LabelMe", 3, 1), ("YOLO", 6, 0)])
def test_a_stored_rotation_that_sizes_do_not_tell_is_reported(
    tmp_path: Path, name: str, orientation: int, noted: int
) -> None:
    WRITERS[name](tmp_path, draw(6, 2))
    file = next(tmp_path.rglob("frame 00.jpg"))
    image, exif = Image.open(file), Image.Exif()
    image.load()
    exif[0x0112] = orientation
    image.save(file, exif=exif)
    lines: list[str] = []
    opened(tmp_path, lines=lines)
    found = [line for line in lines if "(EXIF)" in line]
    assert len(found) == noted and all("frame 00.jpg" in line and ": 1:" in line for line in found)
