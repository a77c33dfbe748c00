"""A folder of masks, from the command line."""

import json
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

import pytest
import yaml

from mnv3.cli.completion import candidates
from mnv3.conf.datasets import Masks
from mnv3.lraspp.data.formats.folder import formats
from tests.mask_files import draw, write_coco, write_cvat, write_ids, write_labelme

Call = Callable[..., int]
SMALL = ("backbone=small", "backbone.width=0.35", "recipe=quick", "recipe.batch_size=4", "recipe.epochs=1")
SIZES = ("task.input_size=[64,64]", "recipe.crop=[64,64]")
QUIET = ("data.workers=0", "wandb.mode=disabled")
LEAVES = ("dataset=masks", "dataset.path=leaves")


def test_check_and_begin_training_by_one_path(call: Call, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_ids(tmp_path / "leaves", draw(8, 2))
    assert call("data", "check", *LEAVES) == 0
    told = capsys.readouterr().out
    assert told.count("PNG: 8 label files") == 1 and "train 6, val 2 images" in told and "usable" in told
    assert "3 classes (background, leaf, rot), 255 ignored, named in classes.txt" in told
    assert (tmp_path / "runs" / "data" / "masks" / "val.png").exists()
    assert call("train", "task=lraspp", *LEAVES, *SMALL, *SIZES, *QUIET, "trainer.accelerator=cpu", "dry=true") == 0


def test_train_then_score_another_split_of_another_folder(
    call: Call, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    drawn = draw(10, 2)
    write_cvat(tmp_path / "leaves", [image._replace(split="all") for image in drawn])
    keys = (*LEAVES, "dataset.val_share=0.3", "dataset.seed=5", "dataset.ignore=[rot]")
    assert call("train", "task=lraspp", *keys, *SMALL, *SIZES, *QUIET, "trainer.accelerator=cpu", "name=first") == 0
    run = tmp_path / "runs" / "lraspp" / "first"
    kept = yaml.safe_load((run / "config.yaml").read_text())["dataset"]
    assert kept["classes"] == ["0 background #000000", "1 leaf #28c83c", "2 rot #dc2828"] and kept["ignore"] == ["rot"]
    trained = json.loads((run / "metrics.json").read_text())
    assert call("eval", "run=first", *QUIET, "eval.accelerator=cpu") == 0
    scored = json.loads((run / "eval" / "masks-val" / "metrics.json").read_text())
    assert scored["mIoU"] == trained["mIoU"] and scored["frames"] == 3
    tests = [image._replace(split="test") for image in drawn]
    for number, write in enumerate((write_ids, write_labelme, write_coco)):
        write(tmp_path / f"others{number}", tests)
        other = ("run=first", f"dataset.path=others{number}", "eval.split=test", *QUIET, "eval.accelerator=cpu")
        assert call("eval", *other) == 0
        scored = json.loads((run / "eval" / "masks-test" / "metrics.json").read_text())
        assert scored["frames"] == 10
    (tmp_path / "others0" / "classes.txt").unlink()
    assert call("eval", "run=first", "dataset.path=others0", "eval.split=test", *QUIET, "eval.accelerator=cpu") == 0
    again = json.loads((run / "eval" / "masks-test" / "metrics.json").read_text())
    assert again["mIoU"] == scored["mIoU"]
    capsys.readouterr()
    assert call("eval", "run=first", "eval.split=test", *QUIET) == 2
    assert "no split 'test'" in capsys.readouterr().err


def test_mistakes_end_with_2(call: Call, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("data", "check", "dataset=masks") == 2
    assert capsys.readouterr().err.count("dataset.path=DIR") == 1
    write_labelme(tmp_path / "leaves", draw(6, 2))
    write_coco(tmp_path / "leaves", draw(6, 2))
    assert call("data", "check", *LEAVES) == 2
    assert "dataset.format=labelme or dataset.format=coco" in capsys.readouterr().err
    assert call("train", "task=lraspp", *LEAVES, "dataset.format=yolo") == 2
    assert "labelme" in capsys.readouterr().err
    assert call("data", "check", *LEAVES, "dataset.format=labelme") == 0
    assert call("data", "check", *LEAVES, "dataset.format=labelme", "dataset.ignore=[moss]") == 2
    assert "moss" in capsys.readouterr().err


def test_the_list_and_completion(call: Call, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("data", "list") == 0
    (row,) = [line for line in capsys.readouterr().out.splitlines() if line.strip().startswith("masks ")]
    assert "segmentation" in row and "dataset.path=DIR" in row
    (format_,) = [field for field in fields(Masks) if field.name == "format"]
    assert format_.metadata["choices"] == tuple(formats(None))
    assert candidates("mnv3 train dataset=masks dataset.path=") == ["<file>"]
    assert candidates("mnv3 train dataset=masks dataset.format=la") == ["dataset.format=labelme"]
