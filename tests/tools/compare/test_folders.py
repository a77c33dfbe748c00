"""Runs as they are found on the disk: whole, going on, half-written, damaged."""

import json
from pathlib import Path

import pytest

from mnv3.tools.compare.runs import Data
from mnv3.tools.errors import UserError
from mnv3.tools.runs.report import keep_config, origin
from tests.tools.compare.made_up import CONFIG, draw, make_run, read, write_scores


def test_a_whole_run(tmp_path: Path) -> None:
    said: list[str] = []
    run = read(make_run(tmp_path / "a", samples=True, row="table6/v3_small", dataset__name="coco"), said)
    assert (run.name, run.task, run.command, run.seconds) == ("a", "boxes", "mnv3 train name=a", 180)
    assert run.tags == {"boxes", "small", "coco", "quick", "mine", "table6/v3_small", "table6"}
    (score,) = run.scores
    assert score.figures == {"AP": 0.3, "AP50": 0.6, "per_class.car.AP": 0.15}
    assert (score.checkpoint, score.epoch, score.final, score.data.split) == ("best.ckpt", 2, True, "val")
    assert score.sheet == tmp_path / "a" / "samples" / "val.jpg"
    assert [row["epoch"] for row in run.history] == [1, 2, 3] and not said


def test_a_training_that_goes_on_has_its_best_validation(tmp_path: Path) -> None:
    (score,) = read(make_run(tmp_path / "a", final=False)).scores
    assert score.figures == {"AP": 0.3, "AP50": 0.6}
    assert (score.epoch, score.final) == (2, False)


def test_a_resumed_training_counts_its_time_from_zero_again(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "a")
    table = folder / "metrics.csv"
    table.write_text(table.read_text().replace("\n3,180,", "\n3,50,"))
    assert read(folder).seconds == 120 + 50


def test_evaluations_add_scores_and_do_not_repeat_them(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "a")
    keys = {"name": "streets", "class_slots": "category_id", "seed": 0, "train": 1000, "val": 16}
    same = {"dataset": "streets", "split": "val", "dataset_keys": keys, "checkpoint": "runs/a/checkpoints/best.ckpt"}
    write_scores(folder / "eval" / "streets-val", 0.3, **same, official={"mIoU": 0.5})
    write_scores(folder / "eval" / "last", 0.2, **{**same, "checkpoint": "checkpoints/last.ckpt"})
    write_scores(folder / "eval" / "streets-train", 0.9, **{**same, "split": "train"})
    write_scores(folder / "eval" / "other", 0.3, **{**same, "dataset_keys": {**keys, "seed": 1}})
    write_scores(folder / "eval" / "flipped", 0.3, **same, flip=True, scales=[0.5, 1.0])
    write_scores(folder / "eval" / "older", 0.3, dataset="streets", split="val", checkpoint="best.ckpt")
    draw(folder / "eval" / "streets-val" / "samples" / "val.jpg", ["a.jpg"], 9)
    run = read(folder)
    own = [score for score in run.scores if score.data == run.data]
    assert sorted((score.checkpoint, score.figures["AP"]) for score in own) == [("best.ckpt", 0.3), ("last.ckpt", 0.2)]
    best = next(score for score in own if score.checkpoint == "best.ckpt")
    assert best.epoch == 2 and best.figures["official.mIoU"] == 0.5 and best.sheet is not None
    others = {(score.data.split, *dict(score.data.keys).items()) for score in run.scores if score.data != run.data}
    assert others == {
        ("train", ("seed", "0"), ("val", "16")),
        ("val", ("seed", "1"), ("val", "16")),
        ("val", ("flip", "true"), ("scales", "[0.5,1]"), ("seed", "0"), ("val", "16")),
    }


def test_boxes_left_out_of_training_change_nothing_of_what_is_scored(tmp_path: Path) -> None:
    """Reports and runs that are older than the key are of the same data, too."""
    many, old = (make_run(tmp_path / "many", dataset__max_boxes=150), make_run(tmp_path / "old"))
    keys = {"name": "streets", "class_slots": "contiguous", "max_boxes": 100, "seed": 0, "train": 64, "val": 16}
    write_scores(many / "eval" / "last", 0.2, dataset="streets", split="val", dataset_keys=keys, checkpoint="last.ckpt")
    scores = [*read(many).scores, *read(old).scores]
    assert len(scores) == 3 and len({score.data for score in scores}) == 1


def test_a_report_of_weights_without_a_run(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "eval" / "int8-coco-val", final=False)
    (folder / "metrics.csv").unlink()
    write_scores(folder, 0.2, dataset="coco", split="val", dataset_keys={"name": "coco"}, checkpoint="a/int8.onnx")
    run = read(folder)
    (score,) = run.scores
    assert (score.data, score.checkpoint, score.epoch) == (Data("coco", "val"), "int8.onnx", None)
    assert run.seconds is None


def test_a_damaged_report_is_said_and_the_rest_is_used(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "a")
    file = folder / "metrics.json"
    file.write_text(file.read_text()[:40])
    table = folder / "metrics.csv"
    table.write_text(table.read_text() + "4,240,nan,0.2x,\nhalf")
    said: list[str] = []
    run = read(folder, said)
    assert run.scores[0].epoch == 2 and not run.scores[0].final
    assert len(said) == 1 and "metrics.json cannot be read" in said[0]
    assert run.history[-1] == {"epoch": 4, "seconds": 240}
    file.write_text(json.dumps({"mIoU": 0.5}))
    read(folder, said)
    assert "has no AP" in said[1]


def test_epochs_without_validation_are_a_run_without_scores(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "a", final=False)
    (folder / "metrics.csv").write_text("epoch,train/loss\n1,2.5\n")
    run = read(folder)
    assert run.scores == () and run.history == ({"epoch": 1, "train/loss": 2.5},)


@pytest.mark.parametrize(
    ("config", "words"),
    [
        (None, "has no config.yaml"),
        ("task: {name: boxes\n", "cannot be read"),
        ("- a\n", "not the whole configuration"),
        ("task: {name: boxes}\n", "not the whole configuration"),
        ("", "not the whole configuration"),
        ("task: {name: speech}\nbackbone: {}\ndataset: {}\nrecipe: {}\n", "is of task speech"),
        ("task: {name: boxes}\nbackbone: {}\ndataset: {name: coco}\nrecipe: {}\n", "no finished epoch"),
    ],
)
def test_what_is_no_run_is_refused_in_a_sentence(tmp_path: Path, config: str | None, words: str) -> None:
    if config is not None:
        (tmp_path / "config.yaml").write_text(config)
    with pytest.raises(UserError, match=words):
        read(tmp_path)


def test_a_report_outside_of_its_run_keeps_its_configuration(tmp_path: Path) -> None:
    config = {**CONFIG, "eval": {"out": None, "split": "val"}}
    keep_config(config, tmp_path / "in", tmp_path)
    assert not (tmp_path / "in").exists()
    keep_config(config, tmp_path / "weights", None)
    keep_config({**config, "eval": {"out": "o", "split": "train"}}, tmp_path / "out", tmp_path)
    for name, split in (("weights", "val"), ("out", "train")):
        write_scores(tmp_path / name, 0.2, **origin({**config, "eval": {"split": split}}, Path("best.ckpt")))
        (score,) = read(tmp_path / name).scores
        assert (score.data.dataset, score.data.split, score.checkpoint) == ("streets", split, "best.ckpt")


def test_scores_of_more_boxes_an_image_are_of_other_data(tmp_path: Path) -> None:
    """AP with 300 boxes does not stand beside COCO's AP."""
    few, many = (make_run(tmp_path / name) for name in "ab")
    config = (many / "config.yaml").read_text()
    (many / "config.yaml").write_text(config + "eval:\n  max_detections: 300\n")
    (few / "config.yaml").write_text(config + "eval:\n  max_detections: 100\n")
    one, other = read(few), read(many)
    assert one.data == one.scores[0].data and not dict(one.data.keys).get("max_detections")
    assert dict(other.data.keys)["max_detections"] == dict(other.scores[0].data.keys)["max_detections"] == "300"
