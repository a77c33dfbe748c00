"""A segmentation run from configuration to report, and the same run when it is killed."""

import json
import math
from functools import partial

import pytest
import torch

from mnv3.lraspp.data.loader import val_loader
from mnv3.lraspp.data.sets import open_dataset
from mnv3.lraspp.evaluate.scorer import Scorer
from mnv3.lraspp.module import SegmentationModule, predict_batch
from mnv3.lraspp.training import Segmentation
from mnv3.lraspp.weights.load import class_table, load_segmenter
from mnv3.tools.errors import UserError
from mnv3.tools.runs.folder import RunFolder, read_metrics
from mnv3.tools.training.run import fit_and_score
from mnv3.tools.training.trainer import NonFiniteLoss
from mnv3.tools.weights.checkpoint import read_checkpoint

train = partial(fit_and_score, Segmentation())


def nothing() -> None:
    """The run begins."""


def same(one, other) -> bool:
    """Deep, bit-exact equality."""
    if isinstance(one, torch.Tensor):
        return torch.equal(one, other)
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[name], other[name]) for name in one)
    if isinstance(one, (list, tuple)):
        return len(one) == len(other) and all(map(same, one, other))
    return one == other


class Killed(RuntimeError):
    """Stands for kill -9: nothing is saved on the way out."""


@pytest.mark.parametrize("workers", [0, 1])
def test_a_killed_run_goes_on_to_the_same_weights(compose, tmp_path, monkeypatch, workers):
    """Three epochs at once, against two, half of a third, and a resumed third: every tensor is the same bit for bit.

    With augmentation, EMA, warm-up, Lovasz-softmax on its random grid, hard pixels and balanced weights.
    """
    losses = "recipe.lovasz=1", "recipe.ohem=0.5", "recipe.class_weights=balanced"
    config = compose(f"data.workers={workers}", "recipe.augment=modern", *losses)
    whole, cut = RunFolder(tmp_path / "whole"), RunFolder(tmp_path / "cut")
    train(config, whole, nothing)
    original = SegmentationModule.training_step

    def kill(self, batch, batch_idx):
        if (self.trainer.current_epoch, batch_idx) == (2, 1):
            raise Killed
        return original(self, batch, batch_idx)

    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(SegmentationModule, "training_step", kill)
        train(config, cut, nothing)
    assert read_checkpoint(cut.last)["epoch"] == 1
    config.resume = str(cut.path)
    train(config, cut, nothing)
    for name in ("last", "best"):
        one, other = (read_checkpoint(getattr(folder, name)) for folder in (whole, cut))
        for part in ("state_dict", "current_model_state", "optimizer_states", "lr_schedulers", "callbacks", "epoch"):
            assert same(one[part], other[part]), (name, part)
    rows = [read_metrics(folder.metrics_csv) for folder in (whole, cut)]
    scores = [[row["val/mIoU"] for row in of_run] for of_run in rows]
    assert scores[0] == scores[1] and len(scores[0]) == 3
    assert all(math.isfinite(float(row[f"train/{name}"])) for row in rows[0] for name in ("cross_entropy", "lovasz"))


def test_the_reported_score_is_that_of_the_best_checkpoint(compose, tmp_path):
    """Training's own validation, the report and the file alone give one mIoU; the folder has what it should have."""
    config = compose("recipe.epochs=6", "recipe.lr=0.05", "task.input_size=[49,97]")
    folder = RunFolder(tmp_path / "run")
    train(config, folder, nothing)
    reported = json.loads((folder.path / "metrics.json").read_text())
    curve = [float(row["val/mIoU"]) for row in read_metrics(folder.metrics_csv)]
    assert reported["mIoU"] > 0, "a score of nothing compares nothing"
    assert max(curve) == pytest.approx(reported["mIoU"], rel=1e-5)
    assert curve.index(max(curve)) + 1 == reported["epoch"]

    data = open_dataset(config.dataset, config.data, "val")
    loaded = load_segmenter(folder.best)
    scorer = Scorer(data)
    for batch in val_loader(data, batch_size=4, workers=0):
        found = predict_batch(loaded.segmenter.eval(), batch, 4, (49, 97))
        scorer.add(batch.indices, found, batch.labels)
    assert scorer.scores().stats["mIoU"] == reported["mIoU"]
    assert loaded.config["recipe"]["epochs"] == 6 and loaded.classes == class_table(data)
    road = read_checkpoint(folder.best)["hyper_parameters"]["classes"][0]
    assert road == ["road", [128, 64, 128], "flat", 7]

    written = {str(file.relative_to(folder.path)) for file in folder.path.rglob("*") if file.is_file()}
    assert written == {
        "checkpoints/best.ckpt",
        "checkpoints/last.ckpt",
        "facts.json",
        "metrics.csv",
        "metrics.json",
        "plots/confusion.png",
        "plots/per_class_iou.png",
        "plots/training.png",
        "samples/train.jpg",
        "samples/val.jpg",
        "samples/val.json",
    }


def test_a_broken_frame_is_named(compose, tmp_path, monkeypatch):
    """A loss that is not finite stops the run and names frames of the data set."""
    original = SegmentationModule.training_step
    monkeypatch.setattr(
        SegmentationModule, "training_step", lambda self, batch, i: original(self, batch, i) * float("inf")
    )
    config = compose()
    names = {frame.name for frame in open_dataset(config.dataset, config.data, "train").frames}
    with pytest.raises(NonFiniteLoss, match="The loss became inf in epoch 1, step 1") as caught:
        train(config, RunFolder(tmp_path / "run"), nothing)
    named = str(caught.value).partition("the images ")[2].partition(".")[0].split(", ")
    assert len(named) == 4 and set(named) <= names


@pytest.mark.parametrize(
    ("override", "sentence"),
    [
        ("data.root=/nowhere", "Cityscapes train"),
        ("init=/nowhere.ckpt", "no such file of weights"),
        ("recipe.crop=[49]", r"recipe.crop=\[49\]: must be two numbers"),
        ("task.input_size=[1,2,3]", r"task.input_size=\[1, 2, 3\]: must be two numbers"),
        ("recipe.class_weights=[1,2]", "recipe.class_weights: 19 numbers"),
        ("recipe.steps=5", "set one of the two"),
        ("dataset=coco_json", "for another task"),
    ],
)
def test_a_mistake_leaves_no_run_folder(compose, tmp_path, override, sentence):
    """Whatever is wrong is said before anything is written."""
    began = []
    with pytest.raises(UserError, match=sentence):
        train(compose(override), RunFolder(tmp_path / "run"), lambda: began.append(1))
    assert not began and not (tmp_path / "run").exists()


def test_the_paper_recipe_is_the_authors(compose):
    """Their flags and their advice for Cityscapes, and the paper's network, for both backbones."""
    for backbone in ("large", "small"):
        config = compose("recipe=paper", f"backbone={backbone}", small=False)
        wanted = {
            "optimizer": "sgd",
            "momentum": 0.9,
            "batch_size": 16,
            "lr": 0.01,
            "weight_decay": 4e-5,
            "schedule": "poly",
            "steps": 90_000,
            "epochs": None,
            "ema": None,
            "ohem": None,
            "lovasz": None,
            "class_weights": None,
            "augment": "paper",
            "crop": [769, 769],
        }
        assert {name: config.recipe[name] for name in wanted} == wanted
        assert (config.backbone.rf2, config.backbone.output_stride, config.backbone.weights) == (True, 16, None)


@pytest.mark.parametrize("recipe", ["quick", "paper", "modern", "finetune"])
def test_every_recipe_trains(compose, tmp_path, recipe):
    """One epoch of each: nothing is missing, all choices exist."""
    config = compose(f"recipe={recipe}", "recipe.epochs=1", "recipe.steps=null", "recipe.min_steps=null")
    folder = RunFolder(tmp_path / "run")
    train(config, folder, nothing)
    assert read_checkpoint(folder.last)["epoch"] == 0
