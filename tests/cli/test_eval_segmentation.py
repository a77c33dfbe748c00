"""mnv3 eval task=lraspp, from the command line to the files, without a training before it."""

import json
import re
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from omegaconf import OmegaConf
from PIL import Image
from torchvision.models.segmentation import lraspp_mobilenet_v3_large

from mnv3.cli.call.composing import composer
from mnv3.lraspp.data.classes import CITYSCAPES
from mnv3.lraspp.evaluate import official
from mnv3.lraspp.weights.load import segmenter_from_config
from mnv3.tools.weights.checkpoint import write_checkpoint
from tests.lraspp.cityscapes_files import write_cityscapes

Call = Callable[..., int]
COMMON = ("task=lraspp", "eval.accelerator=cpu", "data.workers=0", "wandb.mode=disabled")


@pytest.fixture
def run_folder(tmp_path: Path) -> Path:
    """A run of a thin network with random weights on a Cityscapes layout, as training leaves it."""
    write_cityscapes(tmp_path / "data" / "cityscapes", train=1, val=5, test=3)
    with composer("train") as make:
        cfg = make(["task=lraspp", "dataset=cityscapes", f"data.root={tmp_path / 'data'}", "backbone.width=0.35"])
    config = OmegaConf.to_container(cfg, resolve=True)
    torch.manual_seed(0)
    segmenter = segmenter_from_config(config, len(CITYSCAPES))  # type: ignore[arg-type]
    for layer in segmenter.modules():
        if isinstance(layer, torch.nn.Conv2d):
            torch.nn.init.kaiming_normal_(layer.weight)
    folder = tmp_path / "runs" / "lraspp" / "thin"
    checkpoint = {
        "state_dict": {f"segmenter.{name}": value for name, value in segmenter.state_dict().items()},
        "hyper_parameters": {
            "config": config,
            "classes": [[e.name, list(e.colour), e.category, e.id] for e in CITYSCAPES],
        },
    }
    write_checkpoint(checkpoint, folder / "checkpoints" / "best.ckpt")
    OmegaConf.save(cfg, folder / "config.yaml", resolve=True)
    return folder


def figures(folder: Path) -> dict:
    return json.loads((folder / "metrics.json").read_text())


def test_the_newest_run_officially(run_folder: Path, call: Call, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("eval", *COMMON, "eval.official=true") == 0
    said = capsys.readouterr().out
    report = run_folder / "eval" / "cityscapes-val"
    found = figures(report)
    assert found["official"]["mIoU"] == found["mIoU"] > 0.001
    assert f"mIoU {found['mIoU']:.4f}" in said and "the very same counts" in said and "iIoU" in said
    assert "Images Processed" not in said
    assert len(list((report / "predictions").glob("*_pred_labelIds.png"))) == found["frames"] == 5
    assert (report / "samples" / "val.jpg").is_file() and (report / "plots" / "confusion.png").is_file()


def test_a_difference_ends_with_1(
    run_folder: Path, call: Call, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def off_by_one(content: dict) -> official.OfficialScores:
        content["confMatrix"][7][7] += 1
        return read(content)

    read = official._read
    monkeypatch.setattr(official, "_read", off_by_one)
    assert call("eval", *COMMON, "eval.official=true") == 1
    assert re.search(r"do not agree .* pixels of road taken for road: \d+ here, \d+ there", capsys.readouterr().err)


def test_a_run_a_checkpoint_and_bare_weights_give_the_same(run_folder: Path, call: Call, tmp_path: Path) -> None:
    checkpoint = run_folder / "checkpoints" / "best.ckpt"
    shutil.copy(checkpoint, tmp_path / "moved.ckpt")
    state = torch.load(checkpoint, weights_only=True)["state_dict"]
    torch.save({name.removeprefix("segmenter."): value for name, value in state.items()}, tmp_path / "bare.pth")
    network = ["backbone.width=0.35", "dataset=cityscapes", "data.root=data"]
    assert call("eval", f"run={run_folder}", "eval.out=a", *COMMON) == 0
    assert call("eval", "ckpt=moved.ckpt", *COMMON) == 0
    assert call("eval", "weights=bare.pth", *network, *COMMON) == 0
    scores = [figures(tmp_path / "a")]
    scores += [figures(tmp_path / "runs" / "eval" / f"{name}-cityscapes-val") for name in ("moved", "bare")]
    assert scores[0]["per_class"] == scores[1]["per_class"] == scores[2]["per_class"]


def test_torchvision_s_weights(run_folder: Path, call: Call, tmp_path: Path) -> None:
    torch.save(
        lraspp_mobilenet_v3_large(weights=None, weights_backbone=None, num_classes=19).state_dict(), "theirs.pth"
    )
    network = [
        "backbone=large",
        "backbone.rf2=false",
        "task.preset=torchvision",
        "dataset=cityscapes",
        "data.root=data",
    ]
    assert call("eval", "weights=theirs.pth", *network, *COMMON) == 0
    assert figures(tmp_path / "runs" / "eval" / "theirs-cityscapes-val")["frames"] == 5


def test_averaging_changes_the_score(run_folder: Path, call: Call) -> None:
    assert call("eval", *COMMON, "eval.out=plain") == 0
    assert call("eval", *COMMON, "eval.out=averaged", "eval.flip=true", "eval.scales=[0.75,1.25]") == 0
    assert figures(Path("plain"))["mIoU"] != figures(Path("averaged"))["mIoU"]


def test_files_for_the_test_server(run_folder: Path, call: Call, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("eval", *COMMON, "eval.split=test") == 0
    report = run_folder / "eval" / "cityscapes-test"
    archive = report / "cityscapes_test_mobilenetv3-small-rf2-lraspp.zip"
    assert str(archive.relative_to(run_folder)) in capsys.readouterr().out
    with zipfile.ZipFile(archive) as content:
        assert content.namelist() == [f"berlin_{n:06d}_000019_pred_labelIds.png" for n in range(3)]
    assert not (report / "metrics.json").exists() and (report / "samples" / "test.jpg").is_file()


def test_dry_writes_nothing(run_folder: Path, call: Call, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("eval", *COMMON, "dry=true", "eval.official=true") == 0
    assert not (run_folder / "eval").exists()
    assert "Nothing was written" in capsys.readouterr().out


def write_camvid(folder: Path) -> None:
    rng = np.random.default_rng(0)
    for name, pixels in (("val", rng.integers(0, 256, (24, 32, 3))), ("valannot", rng.integers(0, 12, (24, 32)))):
        (folder / name).mkdir(parents=True)
        Image.fromarray(pixels.astype(np.uint8)).save(folder / name / "a.png")


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (["backbone=large"], "There is no trained run of task=lraspp backbone=large"),
        (
            ["run=thin", "eval.split=test", "eval.official=true"],
            "labels of the test frames of cityscapes are not public",
        ),
        (["run=thin", "dataset=camvid", "eval.official=true"], "dataset=camvid"),
        (
            ["run=thin", "dataset=camvid"],
            "was trained on 19 classes (road, sidewalk, building, wall, fence, ...), the ",
        ),
        (["run=thin", "dataset=coco_json"], "Data set coco_json is for detection"),
        (["run=thin", "eval.scales=[]"], "give at least one scale"),
        (["run=thin", "eval.scales=[0]"], "eval.scales=[0.0]: must be at least 0.1"),
        (["weights=none.pth", "dataset=cityscapes"], "none.pth: there is no such file of weights"),
    ],
)
def test_mistakes(
    run_folder: Path, call: Call, capsys: pytest.CaptureFixture[str], given: list[str], sentence: str
) -> None:
    write_camvid(Path("data/camvid"))
    assert call("eval", *COMMON, *given, "data.root=data") == 2
    assert sentence in capsys.readouterr().err
    assert not (run_folder / "eval").exists() and not Path("runs/eval").exists()


def test_options_of_the_other_task_are_named(run_folder: Path, call: Call, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("eval", *COMMON, "dry=true", "eval.score_threshold=0.5") == 0
    said = capsys.readouterr()
    assert "eval.score_threshold has no effect: " in said.out + said.err
