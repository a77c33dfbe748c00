"""mnv3 eval, from the command line to the files, without a training before it."""

import io
import json
import shutil
from collections.abc import Callable
from contextlib import redirect_stdout
from pathlib import Path

import numpy as np
import pytest
import torch
from omegaconf import OmegaConf
from PIL import Image
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from mnv3.cli.call.composing import composer
from mnv3.ssdlite.weights.load import detector_from_config
from mnv3.tools.weights.checkpoint import write_checkpoint
from tests.ssdlite.evaluate.made_up import data_set

Call = Callable[..., int]


@pytest.fixture
def boxes(tmp_path: Path) -> list[str]:
    """Overrides for a data set of one's own boxes, five images of noise and four classes."""
    folder = tmp_path / "boxes"
    folder.mkdir()
    data = data_set(folder, images=5)
    rng = np.random.default_rng(0)
    for name in data.file_names.tolist():
        Image.fromarray(rng.integers(0, 256, (9, 9, 3), dtype=np.uint8)).resize((300, 300)).save(folder / name)
    return ["dataset=coco_json", f"dataset.val_json={data.source}", f"dataset.val_images={folder}"]


@pytest.fixture
def run_folder(tmp_path: Path, boxes: list[str]) -> Path:
    """A run of a thin network with random weights, as training leaves it."""
    with composer("train") as make:
        cfg = make([*boxes, "backbone.width=0.35", "task.input_size=[96,96]", "data.workers=0", "wandb.mode=disabled"])
    config = OmegaConf.to_container(cfg, resolve=True)
    torch.manual_seed(0)
    detector = detector_from_config(config, 5)  # type: ignore[arg-type]
    folder = tmp_path / "runs" / "ssdlite" / "thin"
    classes = {slot: f"kind {slot - 1}" for slot in range(1, 5)}
    checkpoint = {
        "state_dict": {f"detector.{name}": value for name, value in detector.state_dict().items()},
        "hyper_parameters": {"config": config, "classes": classes, "num_slots": 5},
    }
    write_checkpoint(checkpoint, folder / "checkpoints" / "best.ckpt")
    OmegaConf.save(cfg, folder / "config.yaml", resolve=True)
    return folder


def by_hand(json_path: str, results: Path) -> float:
    with redirect_stdout(io.StringIO()):
        truth = COCO(json_path)
        evaluation = COCOeval(truth, truth.loadRes(str(results)), "bbox")
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    return float(evaluation.stats[0])


def test_the_newest_run_is_scored_as_pycocotools_scores_its_file(
    run_folder: Path, boxes: list[str], call: Call, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call("eval", "run=thin", "eval.accelerator=cpu", "eval.out=first") == 0
    truth = Path(boxes[1].partition("=")[2])
    content = json.loads(truth.read_text())
    found = json.loads(Path("first/predictions/detections.json").read_text())[::7]  # a truth that it knows a part of
    content["annotations"] += [
        {"id": n, "image_id": one["image_id"], "category_id": one["category_id"], "bbox": one["bbox"]}
        | {"area": one["bbox"][2] * one["bbox"][3], "iscrowd": 0}
        for n, one in enumerate(found, start=1000)
    ]
    truth.write_text(json.dumps(content))
    assert call("eval", "task=ssdlite", "eval.accelerator=cpu") == 0
    report = run_folder / "eval" / "coco_json-val"
    figures = json.loads((report / "metrics.json").read_text())
    assert figures["AP"] == by_hand(str(truth), report / "predictions" / "detections.json") > 0.01
    assert (report / "samples" / "val.jpg").is_file() and (report / "plots" / "confusion.png").is_file()
    assert f"AP {figures['AP']:.4f}" in capsys.readouterr().out


def test_a_run_a_checkpoint_and_bare_weights_give_the_same(
    run_folder: Path, boxes: list[str], call: Call, tmp_path: Path
) -> None:
    checkpoint = run_folder / "checkpoints" / "best.ckpt"
    shutil.copy(checkpoint, tmp_path / "moved.ckpt")
    state = torch.load(checkpoint, weights_only=True)["state_dict"]
    torch.save({name.removeprefix("detector."): value for name, value in state.items()}, tmp_path / "bare.pth")
    common = ["eval.accelerator=cpu", "wandb.mode=disabled", "data.workers=0"]
    network = ["backbone.width=0.35", "task.input_size=[96,96]", *boxes]
    assert call("eval", f"run={run_folder}", "eval.out=a", *common) == 0
    assert call("eval", "ckpt=moved.ckpt", *common) == 0
    assert call("eval", "weights=bare.pth", *network, *common) == 0
    first = (tmp_path / "a" / "predictions" / "detections.json").read_bytes()
    for name in ("moved-coco_json-val", "bare-coco_json-val"):
        assert (tmp_path / "runs" / "eval" / name / "predictions" / "detections.json").read_bytes() == first


def test_dry_writes_nothing(run_folder: Path, call: Call, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("eval", "dry=true", "eval.accelerator=cpu") == 0
    assert not (run_folder / "eval").exists()
    assert "Nothing was written" in capsys.readouterr().out


def test_another_input_size(run_folder: Path, call: Call) -> None:
    assert call("eval", "task.input_size=[128,64]", "eval.accelerator=cpu", "eval.out=other") == 0
    assert json.loads(Path("other/metrics.json").read_text())["detections"] > 0


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (["backbone=large"], "There is no trained run of task=ssdlite backbone=large"),
        (["run=thin", "backbone.rf2=true"], "is not what was asked for: it has backbone.rf2=false"),
        (["run=thin", "eval.split=test"], "has no split 'test'"),
        (["run=thin", "dataset=coco"], "COCO 2017 val"),
        (["weights=none.pth", "run=thin"], "give only one"),
        (["weights=none.pth", "dataset=coco_json"], "none.pth: there is no such file of weights"),
        (["run=thin", "eval.splt=val", "eval.devices=0"], "2 mistakes"),
    ],
)
def test_mistakes(
    run_folder: Path, call: Call, capsys: pytest.CaptureFixture[str], given: list[str], sentence: str
) -> None:
    assert call("eval", *given, "eval.accelerator=cpu") == 2
    assert sentence in capsys.readouterr().err
    assert not (run_folder / "eval").exists() and not Path("runs/eval").exists()


def test_other_classes_and_weights_that_do_not_fit(
    run_folder: Path, boxes: list[str], call: Call, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    content = json.loads(Path(boxes[1].partition("=")[2]).read_text())
    content["categories"].append({"id": 77, "name": "new"})
    (tmp_path / "five.json").write_text(json.dumps(content))
    five = [boxes[0], f"dataset.val_json={tmp_path / 'five.json'}", boxes[2]]
    assert call("eval", "run=thin", *five, "eval.accelerator=cpu") == 2
    assert "was trained on 4 classes" in capsys.readouterr().err
    torch.save({"head.weight": torch.zeros(2)}, tmp_path / "bare.pth")
    assert call("eval", "weights=bare.pth", *boxes, "eval.accelerator=cpu") == 2
    assert "holds no SSDLite detector" in capsys.readouterr().err
