"""Finding data sets, and what is said when they are not there."""

import json
import shutil

import pytest
from omegaconf import OmegaConf

from mnv3.ssdlite.data.coco.annotations import load_coco
from mnv3.ssdlite.data.coco.file_names import missing_files
from mnv3.ssdlite.data.sets import open_dataset
from mnv3.ssdlite.data.verdict import check_same_classes
from mnv3.tools.errors import UserError


def section(root, on_error="raise"):
    return OmegaConf.create({"root": str(root), "on_error": on_error})


def own(files, **changes):
    files.write()
    keys = {f"{split}_{part}": str(getattr(files, part)) for split in ("train", "val") for part in ("json", "images")}
    return OmegaConf.create({"name": "coco_json", "class_slots": "contiguous", **keys, **changes})


COCO = OmegaConf.create({"name": "coco", "class_slots": "category_id"})


def test_own_boxes(files):
    lines: list[str] = []
    assert len(open_dataset(own(files), section("x"), "val", lines.append)) == 4
    assert len(lines) == 1 and "coco_json" in lines[0] and "4 images" in lines[0]


def test_keys_of_own_boxes_that_lack_or_lead_nowhere_are_all_named(files):
    with pytest.raises(UserError) as caught:
        open_dataset(own(files, val_json=None, val_images=None), section("x"), "val")
    assert [p.split()[-1] for p in caught.value.problems] == ["dataset.val_json.", "dataset.val_images."]
    with pytest.raises(UserError) as caught:
        open_dataset(own(files, val_json="no.json", val_images="none"), section("x"), "val")
    assert "no file no.json" in caught.value.problems[0] and "no folder none" in caught.value.problems[1]


@pytest.mark.parametrize("below", ["", "coco"])
def test_coco_is_found_in_the_data_root_or_in_its_coco_folder(files, tmp_path, below):
    files.write()
    home = tmp_path / "root" / below
    (home / "annotations").mkdir(parents=True)
    shutil.copy(files.json, home / "annotations" / "instances_val2017.json")
    shutil.copytree(files.images, home / "val2017")
    data = open_dataset(COCO, section(tmp_path / "root"), "val")
    assert data.num_slots == 91 and data.images_dir == home / "val2017"
    with pytest.raises(UserError) as caught:
        open_dataset(COCO, section(tmp_path / "root"), "train")
    for expected in (home / "annotations" / "instances_train2017.json", home / "train2017"):
        assert str(expected) in str(caught.value)
    assert "mnv3 data get coco" in str(caught.value)


def test_a_test_set_has_no_annotations(files, tmp_path):
    del files.document["annotations"]
    files.write()
    (tmp_path / "annotations").mkdir()
    shutil.copy(files.json, tmp_path / "annotations" / "image_info_test-dev2017.json")
    files.images.rename(tmp_path / "test2017")
    data = open_dataset(COCO, section(tmp_path), "test-dev")
    assert len(data) == 4 and not data.has_annotations and len(data.training_boxes(0)[0]) == 0


def test_unknown_split(tmp_path):
    with pytest.raises(UserError, match="no split 'tset'; it has train, val, test-dev, test"):
        open_dataset(COCO, section(tmp_path), "tset")


def test_missing_images_are_refused_or_told(files):
    dataset = own(files)
    for number in (0, 2):
        (files.images / f"{number}.png").unlink()
    with pytest.raises(UserError, match=r"2 of 4 images .*: 0\.png, 2\.png\..*on_error=skip"):
        open_dataset(dataset, section("x"), "train")
    lines: list[str] = []
    assert len(open_dataset(dataset, section("x", "skip"), "train", lines.append)) == 4
    assert "0.png, 2.png" in lines[-1]


def test_images_in_folders_below(files):
    (files.images / "below").mkdir()
    files.document["images"][0]["file_name"] = "below/0.png"
    files.document["images"][1]["file_name"] = "./1.png"
    data = load_coco(files.write(), files.images)
    assert missing_files(data) == []
    data.path(0).unlink()
    assert missing_files(data) == ["below/0.png"]


def test_train_and_val_must_agree_on_the_classes(files):
    train = load_coco(files.write(), files.images)
    check_same_classes(train, load_coco(files.json, files.images))
    document = json.loads(files.json.read_text())
    document["categories"].append({"id": 5, "name": "cow"})
    files.json.write_text(json.dumps(document))
    with pytest.raises(UserError, match="cow"):
        check_same_classes(train, load_coco(files.json, files.images))


def test_streets_are_drawn_on_first_use_and_named_with_their_alternatives(tmp_path):
    sizes = {"train": 2, "val": 1, "height": 64, "width": 96}
    streets = {"name": "streets", "class_slots": "contiguous", "seed": 0, **sizes}
    lines: list[str] = []
    data = open_dataset(OmegaConf.create(streets), section(tmp_path), "train", lines.append)
    assert len(data) == 2 and data.num_slots == 9 and data.sizes.tolist() == [[64, 96]] * 2
    assert "dataset=coco" in lines[-1]
    drawn = data.path(0).stat().st_mtime_ns
    assert open_dataset(OmegaConf.create(streets), section(tmp_path), "train").path(0).stat().st_mtime_ns == drawn
