"""A detection run from configuration to report, and the same run when it is killed."""

import json
from functools import partial

import pytest
import torch

from mnv3.ssdlite.data.loader import val_loader
from mnv3.ssdlite.data.sets import open_dataset
from mnv3.ssdlite.evaluate.inference import predict
from mnv3.ssdlite.evaluate.scorer import CocoScorer, score_results
from mnv3.ssdlite.module import DetectionModule
from mnv3.ssdlite.predict import DetectorPredictor
from mnv3.ssdlite.training import Detection
from mnv3.ssdlite.weights.load import load_detector
from mnv3.tools.errors import UserError
from mnv3.tools.images.read import read_image
from mnv3.tools.runs.folder import RunFolder, read_metrics
from mnv3.tools.training.run import fit_and_score
from mnv3.tools.training.trainer import NonFiniteLoss
from mnv3.tools.weights.checkpoint import read_checkpoint

train = partial(fit_and_score, Detection())


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

    With augmentation, EMA, warm-up and cosine; and with a loader process that outlives epochs.
    """
    config = compose(f"data.workers={workers}", "recipe.augment=modern")
    whole, cut = RunFolder(tmp_path / "whole"), RunFolder(tmp_path / "cut")
    train(config, whole, nothing)
    original = DetectionModule.training_step

    def kill(self, batch, batch_idx):
        if (self.trainer.current_epoch, batch_idx) == (2, 1):
            raise Killed
        return original(self, batch, batch_idx)

    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(DetectionModule, "training_step", kill)
        train(config, cut, nothing)
    assert read_checkpoint(cut.last)["epoch"] == 1
    config.resume = str(cut.path)
    train(config, cut, nothing)
    for name in ("last", "best"):
        one, other = (read_checkpoint(getattr(folder, name)) for folder in (whole, cut))
        for part in ("state_dict", "current_model_state", "optimizer_states", "lr_schedulers", "callbacks", "epoch"):
            assert same(one[part], other[part]), (name, part)
    scores = [[row["val/AP"] for row in read_metrics(folder.metrics_csv)] for folder in (whole, cut)]
    assert scores[0] == scores[1] and len(scores[0]) == 3


def test_the_reported_score_is_that_of_the_best_checkpoint(compose, tmp_path):
    """Training's own validation, the report and the file alone give one AP; the folder has what it should have."""
    config = compose("recipe.epochs=20", "recipe.lr=0.004", "dataset.val=4")
    folder = RunFolder(tmp_path / "run")
    train(config, folder, nothing)
    reported = json.loads((folder.path / "metrics.json").read_text())
    curve = [float(row["val/AP"]) for row in read_metrics(folder.metrics_csv)]
    assert reported["AP"] > 0, "a score of nothing compares nothing"
    assert max(curve) == pytest.approx(reported["AP"], rel=1e-5)
    assert curve.index(max(curve)) + 1 == reported["epoch"]

    data = open_dataset(config.dataset, config.data, "val")
    loaded = load_detector(folder.best)
    scorer = CocoScorer(data)
    detector = loaded.detector.eval()
    for batch in val_loader(data, size=detector.input_size, rule=detector.preset.resize_rule, batch_size=4, workers=0):
        scorer.add(batch.image_ids, predict(detector, batch.images, batch.sizes, 4))
    assert scorer.scores(scorer.results()).stats["AP"] == reported["AP"]
    assert loaded.config["recipe"]["epochs"] == 20
    assert loaded.point is not None and loaded.point.overall.plain() == reported["operating_point"]
    predicted_f1_is_the_best(loaded, data, reported["operating_point"]["F1"])
    assert loaded.classes == {category.slot: category.name for category in data.categories}

    written = {str(file.relative_to(folder.path)) for file in folder.path.rglob("*") if file.is_file()}
    assert written == {
        "checkpoints/best.ckpt",
        "checkpoints/last.ckpt",
        "facts.json",
        "metrics.csv",
        "metrics.json",
        "plots/confusion.png",
        "plots/per_class_ap.png",
        "plots/pr_curves.png",
        "plots/training.png",
        "predictions/detections.json",
        "samples/train.jpg",
        "samples/val.jpg",
        "samples/val.json",
    }


def predicted_f1_is_the_best(loaded, data, best):
    """The boxes of `mnv3 predict` with its default threshold have the promised F1, counted anew."""
    predictor = DetectorPredictor(loaded.detector, loaded.classes, loaded.ids, least_score=None, point=loaded.point)
    results = []
    for index, image_id in enumerate(data.image_ids.tolist()):
        (found,) = predictor([read_image(data.path(index)).permute(1, 2, 0).numpy()])
        for box, score, slot in zip(*(column.tolist() for column in found), strict=True):
            if score >= loaded.point.overall.threshold:
                size = [box[0], box[1], box[2] - box[0], box[3] - box[1]]
                results.append({"image_id": image_id, "category_id": loaded.ids[slot], "bbox": size, "score": score})
    matrix = score_results(data, results, 0.0).confusion
    right, wrong = matrix[:-1, :-1].trace(), matrix.sum() - matrix.trace()
    assert 2 * right / (2 * right + wrong + sum_of_mistaken(matrix)) == pytest.approx(best, abs=0.01)


def sum_of_mistaken(matrix):
    """A box taken for another class is missed and false."""
    return matrix[:-1, :-1].sum() - matrix[:-1, :-1].trace()


def test_an_epoch_without_validation_has_no_threshold(compose, tmp_path):
    """The last checkpoint's weights are newer than the validated ones. More boxes an image are kept and scored."""
    more = ("recipe.epochs=2", "recipe.val_every=2", "recipe.lr=0.004", "eval.max_detections=120")
    folder, saved = RunFolder(tmp_path / "run"), []
    original = DetectionModule.on_save_checkpoint

    def save(self, checkpoint):
        original(self, checkpoint)
        saved.append((self.point, checkpoint["hyper_parameters"].get("operating_point")))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(DetectionModule, "on_save_checkpoint", save)
        train(compose(*more), folder, nothing)
    assert len(saved) == 2 and saved[0] == (None, None)
    assert saved[1][1] == (saved[1][0] and saved[1][0].plain())
    assert load_detector(folder.best).detector.preset.max_detections == 120
    report = json.loads((folder.path / "metrics.json").read_text())
    assert report["max_detections"] == 120 and "AR120" in report and report["detections"] == 600
    assert "val/AR120" in read_metrics(folder.metrics_csv)[-1]


def test_a_broken_image_is_named_by_its_id(compose, tmp_path, monkeypatch):
    """A loss that is not finite stops the run and names images of the data set."""
    original = DetectionModule.training_step
    monkeypatch.setattr(
        DetectionModule, "training_step", lambda self, batch, i: original(self, batch, i) * float("inf")
    )
    config = compose()
    ids = open_dataset(config.dataset, config.data, "train").image_ids.tolist()
    with pytest.raises(NonFiniteLoss, match="The loss became inf in epoch 1, step 1") as caught:
        train(config, RunFolder(tmp_path / "run"), nothing)
    named = str(caught.value).partition("the images ")[2].partition(".")[0]
    assert set(map(int, named.split(", "))) <= set(ids)
    assert "No checkpoint was saved" in str(caught.value)


@pytest.mark.parametrize(
    ("override", "sentence"),
    [
        ("data.root=/nowhere dataset=coco", "COCO 2017 train"),
        ("init=/nowhere.ckpt", "no such file of weights"),
        ("backbone.output_stride=16", "stride 32 only"),
        ("recipe.steps=5", "set one of the two"),
        ("trainer.accelerator=gpu", "trainer.accelerator=gpu trainer.devices=auto: "),
    ],
)
def test_a_mistake_leaves_no_run_folder(compose, tmp_path, override, sentence):
    """Whatever is wrong is said before anything is written."""
    if "gpu" in override and torch.accelerator.is_available():
        pytest.skip("there is a GPU")
    config = compose(*override.split(), *(["recipe.lr=1"] if "coco" in override else []), small="coco" not in override)
    began = []
    with pytest.raises(UserError, match=sentence):
        train(config, RunFolder(tmp_path / "run"), lambda: began.append(1))
    assert not began and not (tmp_path / "run").exists()


def test_the_paper_recipe_is_the_authors(compose):
    """Their configuration's numbers, for both backbones, and what they become with a quarter of the batch."""
    large = compose("recipe=paper", "backbone=large", small=False).recipe
    wanted = {
        "optimizer": "sgd",
        "momentum": 0.9,
        "batch_size": 512,
        "lr": 0.4,
        "warmup_steps": 2000,
        "min_steps": None,
        "val_every": 5,
        "weight_decay": 4e-5,
        "schedule": "cosine",
        "steps": 400_000,
        "epochs": None,
        "ema": None,
        "augment": "paper",
    }
    assert {name: large[name] for name in wanted} == wanted
    assert large.lr * large.warmup_start == pytest.approx(0.13333, abs=1e-5)
    assert compose("recipe=paper", "backbone=small", small=False).recipe.steps == 800_000


@pytest.mark.parametrize("recipe", ["quick", "paper", "modern", "finetune"])
def test_every_recipe_trains(compose, tmp_path, recipe):
    """One epoch of each: nothing is missing, all choices exist."""
    config = compose(f"recipe={recipe}", "recipe.epochs=1", "recipe.steps=null", "recipe.min_steps=null")
    folder = RunFolder(tmp_path / "run")
    train(config, folder, nothing)
    assert read_checkpoint(folder.last)["epoch"] == 0
