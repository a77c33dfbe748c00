"""mnv3 data: list, check, get, cache."""

import json
import shutil

import pytest
from PIL import Image

from mnv3.cli.call.composing import composer
from mnv3.cli.data import catalogue, run
from mnv3.tools.errors import UserError
from mnv3.tools.files.ledger import NAME
from tests.lraspp.cityscapes_files import write_cityscapes


def data(*overrides: str) -> None:
    with composer("data") as compose:
        run(compose(list(overrides)))


def test_the_list_tells_what_is_there_and_how_to_get_the_rest(tmp_path, capsys):
    (tmp_path / "coco" / "annotations").mkdir(parents=True)
    data(f"data.root={tmp_path}")
    rows = {line.split()[0]: line for line in capsys.readouterr().out.splitlines() if line.strip()}
    assert "coco/annotations" in rows["coco"] and "parts=[val]" in rows["coco"]
    assert " no " in rows["cityscapes"] and "mnv3 data get cityscapes" in rows["cityscapes"]
    assert "drawn on first use" in rows["streets"] and "coco_json" in rows


def own_boxes(folder, classes=("cat",)):
    """Two splits of one image each; `classes` are those of val."""
    overrides = ["action=check", "dataset=coco_json"]
    for split, names in {"train": ("cat",), "val": classes}.items():
        (folder / split).mkdir()
        Image.new("RGB", (40, 30), "red" if split == "val" else "blue").save(folder / split / "a.jpg")
        document = {
            "images": [{"id": 1, "file_name": "a.jpg", "height": 30, "width": 40}],
            "categories": [{"id": i, "name": name} for i, name in enumerate(names, 1)],
            "annotations": [{"id": 1, "image_id": 1, "category_id": 1, "bbox": [3, 4, 10, 9]}],
        }
        (folder / f"{split}.json").write_text(json.dumps(document))
        overrides += [f"dataset.{split}_json={folder / split}.json", f"dataset.{split}_images={folder / split}"]
    return overrides


def test_a_check_writes_below_runs(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    data(*own_boxes(tmp_path))
    written = sorted(path.name for path in (tmp_path / "runs" / "data" / "coco_json").iterdir())
    assert written == ["train.json", "train.png", "val.json", "val.png"]
    assert "usable" in capsys.readouterr().out


def test_a_check_goes_on_to_the_end_and_then_fails(tmp_path, capsys):
    overrides = own_boxes(tmp_path, classes=("dog",))
    (tmp_path / "train" / "a.jpg").unlink()
    with pytest.raises(UserError) as caught:
        data(*overrides, f"out={tmp_path / 'out'}")
    unreadable, classes = caught.value.problems
    assert "train: 1 of 1 images cannot be read" in unreadable and "do not list the same categories" in classes
    assert (tmp_path / "out" / "val.png").exists()
    (tmp_path / "val.json").write_text("{")
    with pytest.raises(UserError, match="not JSON"):
        data(*overrides, f"out={tmp_path / 'out'}", "split=val")


def test_a_check_of_what_is_not_there_names_the_folders(tmp_path):
    with pytest.raises(UserError) as caught:
        data("action=check", "dataset=coco", f"data.root={tmp_path}")
    assert len(caught.value.problems) == 2 and str(tmp_path / "coco" / "train2017") in str(caught.value)


def test_getting(tmp_path, capsys):
    data("action=get", "target=coco", f"data.root={tmp_path}", "dry=true", "parts=[val]")
    said = capsys.readouterr().out
    assert "816 MB  http" in said and "zips/val2017.zip" in said and str(tmp_path / "coco") in said
    for target in ("target=null", "target=streets"):
        with pytest.raises(UserError, match="mnv3 data get coco"):
            data("action=get", target)
    assert not list(tmp_path.iterdir())


def test_the_list_has_every_data_set_that_can_be_chosen(capsys):
    with composer("data") as compose:
        assert sorted(catalogue()) == compose.options("dataset")


def test_label_maps_are_checked_whatever_task_is_named(tmp_path, capsys):
    write_cityscapes(tmp_path / "cityscapes")
    keys = ["dataset=cityscapes", f"data.root={tmp_path}", f"out={tmp_path / 'out'}"]
    data("action=check", *keys)
    said = capsys.readouterr().out
    assert "3 frames, 3 with labels" in said and "usable" in said
    written = {path.name for path in (tmp_path / "out").iterdir()}
    assert written == {NAME, "train.json", "train.png", "val.json", "val.png"}
    for file in (tmp_path / "cityscapes" / "gtFine").rglob("*_000000_*labelIds.png"):
        file.unlink()
    Image.new("L", (5, 5)).save(next((tmp_path / "cityscapes" / "gtFine" / "train").rglob("*labelIds.png")))
    with pytest.raises(UserError) as caught:
        data("action=check", *keys)
    train, size, val = caught.value.problems
    assert "aachen_000000" in train and "of another size" in size and "frankfurt_000000" in val


def test_streets_are_checked_for_the_task_that_is_named(tmp_path, capsys):
    size = ["dataset.train=1", "dataset.val=1", "dataset.height=64", "dataset.width=96"]
    data("action=check", "task=lraspp", *size, f"data.root={tmp_path}", f"out={tmp_path / 'out'}")
    assert "vegetation" in capsys.readouterr().out
    assert [path.name[:10] for path in (tmp_path / "streets").iterdir()] == ["cityscapes"]


def test_decoding_once_and_removing(tmp_path, capsys):
    write_cityscapes(tmp_path / "cityscapes")
    keys = ["action=cache", "dataset=cityscapes", f"data.root={tmp_path}"]
    data(*keys)
    said = capsys.readouterr().out
    assert "3 of 3 frames to decode" in said and "are free" in said and "remove=true" in said
    assert len(list((tmp_path / "cache").rglob("*.frame"))) == 5
    data(*keys, "split=val", "remove=true")
    assert len(list((tmp_path / "cache").rglob("*.frame"))) == 3
    with pytest.raises(UserError, match="task=lraspp"):
        data("action=cache", "dataset=coco")


def test_one_split_alone_is_checked_and_the_other_is_told_of(tmp_path, capsys):
    keys = [key for key in own_boxes(tmp_path) if "train" not in key]
    data(*keys, f"out={tmp_path / 'out'}")
    said = capsys.readouterr().out
    assert "Left out: " in said and "dataset.train_json" in said and "usable" in said
    for asked in (["split=train"], [f"dataset.train_json={tmp_path / 'train.json'}"], ["dataset.train_images=nowhere"]):
        with pytest.raises(UserError, match=r"dataset\.train_"):
            data(*keys, *asked, f"out={tmp_path / 'out'}")


@pytest.mark.parametrize("action", ["check", "cache"])
def test_val_alone_of_a_known_data_set_is_enough(tmp_path, capsys, action):
    write_cityscapes(tmp_path / "cityscapes")
    for part in ("leftImg8bit", "gtFine"):
        shutil.rmtree(tmp_path / "cityscapes" / part / "train")
    keys = [f"action={action}", "dataset=cityscapes", f"data.root={tmp_path}", f"out={tmp_path / 'out'}"]
    data(*keys)
    assert "Left out: Cityscapes train" in capsys.readouterr().out
    (tmp_path / "cityscapes" / "gtFine" / "train").mkdir()  # half of it is a mistake
    with pytest.raises(UserError, match=r"Cityscapes train .*mnv3 data get cityscapes"):
        data(*keys)


def test_more_boxes_than_are_trained_on_are_told(tmp_path, capsys):
    keys = own_boxes(tmp_path)
    document = json.loads((tmp_path / "train.json").read_text())
    box = {"image_id": 1, "category_id": 1, "bbox": [3, 4, 10, 9]}
    document["annotations"] = [{"id": number, **box} for number in range(130)]
    (tmp_path / "train.json").write_text(json.dumps(document))
    data(*keys, f"out={tmp_path / 'out'}")
    said = capsys.readouterr().out
    assert "dataset.max_boxes=130" in said and ": 30, in a.jpg" in said and "usable" in said
    assert len(json.loads((tmp_path / "out" / "train.json").read_text())["boxes_beyond_max_boxes"]) == 30
    data(*keys, f"out={tmp_path / 'out'}", "dataset.max_boxes=130")
    assert "max_boxes" not in capsys.readouterr().out
