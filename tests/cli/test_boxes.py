"""A folder of boxes, from the command line."""

import json
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

import pytest
import yaml

from mnv3.cli.completion import candidates
from mnv3.conf.datasets import Boxes
from mnv3.ssdlite.data.formats.folder import FORMATS
from tests.box_files import draw, write_csv, write_labelme, write_roboflow, write_voc, write_yolo

Call = Callable[..., int]
SMALL = ("backbone=small", "backbone.width=0.35", "task.input_size=[96,96]", "recipe.batch_size=4", "recipe.epochs=1")
QUIET = ("data.workers=0", "wandb.mode=disabled")


def test_check_and_begin_training_by_one_path(call: Call, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_yolo(tmp_path / "cells", draw(8, 2))
    keys = ("dataset=boxes", "dataset.path=cells")
    assert call("data", "check", *keys) == 0
    told = capsys.readouterr().out
    assert told.count("YOLO: data.yaml, 3 classes") == 1 and "train 6, val 2 images" in told and "usable" in told
    assert (tmp_path / "runs" / "data" / "boxes" / "val.png").exists()
    assert call("train", "task=ssdlite", *keys, *SMALL, *QUIET, "trainer.accelerator=cpu", "dry=true") == 0


def test_another_split_and_folder_are_scored_with_the_rest_from_the_run(
    call: Call, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    drawn = draw(10, 2)
    write_csv(tmp_path / "cells", [image._replace(split="images") for image in drawn])
    table = tmp_path / "cells" / "labels.csv"
    table.write_text(table.read_text().replace(",images", ","))
    keys = ("dataset=boxes", "dataset.path=cells", "dataset.val_share=0.3", "dataset.seed=5")
    assert call("train", "task=ssdlite", *keys, *SMALL, *QUIET, "trainer.accelerator=cpu", "name=first") == 0
    run = tmp_path / "runs" / "ssdlite" / "first"
    trained = json.loads((run / "metrics.json").read_text())
    assert call("eval", "run=first", *QUIET, "eval.accelerator=cpu") == 0
    scored = json.loads((run / "eval" / "boxes-val" / "metrics.json").read_text())
    assert scored["AP"] == trained["AP"] and scored["images"] == trained["images"] == 3
    write_roboflow(tmp_path / "others", [image._replace(split="test") for image in drawn])
    capsys.readouterr()
    other = ("run=first", "dataset.path=others", "eval.split=test", *QUIET, "eval.accelerator=cpu")
    assert call("eval", *other) == 0
    assert json.loads((run / "eval" / "boxes-test" / "metrics.json").read_text())["images"] == 10
    assert call("eval", "run=first", "eval.split=test", *QUIET) == 2
    assert "no split 'test'" in capsys.readouterr().err


def test_defaults_are_chosen_written_down_and_resumed(
    call: Call, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_yolo(tmp_path / "cells", draw(8, 2))
    keys = ("dataset=boxes", "dataset.path=cells", "backbone.width=0.35", "recipe.batch_size=4", "recipe.base_batch=4")
    short = ("recipe.min_steps=16", "recipe.epochs=4", "recipe.patience=1", "recipe.lr=0")
    assert call("train", *keys, *short, *QUIET, "trainer.accelerator=cpu", "name=auto") == 0
    told = capsys.readouterr().out
    assert "First weights: random" in told and "recipe.min_steps" in told and "by chance alone" in told
    assert "recipe.patience" in told
    run = tmp_path / "runs" / "ssdlite" / "auto"
    config = yaml.safe_load((run / "config.yaml").read_text())
    assert config["backbone"]["weights"] is None and len(config["task"]["input_size"]) == 2
    rows = (run / "metrics.csv").read_text().splitlines()[1:]
    assert len(rows) == 2  # of eight epochs, each validated
    assert call("train", "resume=runs/ssdlite/auto", *QUIET) == 0


def test_mistakes_end_with_2(call: Call, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("data", "check", "dataset=boxes") == 2
    assert capsys.readouterr().err.count("dataset.path=DIR") == 1
    write_voc(tmp_path / "cells", draw(6, 2))
    write_labelme(tmp_path / "cells", draw(6, 2))
    assert call("data", "check", "dataset=boxes", "dataset.path=cells") == 2
    assert "dataset.format=voc or dataset.format=labelme" in capsys.readouterr().err
    assert call("train", "dataset=boxes", "dataset.format=kitti", "dataset.path=cells") == 2
    assert "labelme" in capsys.readouterr().err
    assert call("data", "check", "dataset=boxes", "dataset.path=cells", "dataset.format=voc") == 0


def test_the_list_and_completion(call: Call, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("data", "list") == 0
    (row,) = [line for line in capsys.readouterr().out.splitlines() if line.strip().startswith("boxes ")]
    assert "detection" in row and "dataset.path=DIR" in row
    (format_,) = [field for field in fields(Boxes) if field.name == "format"]
    assert format_.metadata["choices"] == tuple(FORMATS)
    assert candidates("mnv3 train dataset=boxes dataset.path=") == ["<file>"]
    assert candidates("mnv3 train dataset=boxes dataset.format=la") == ["dataset.format=labelme"]
