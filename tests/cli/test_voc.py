"""PASCAL VOC, and COCO with VOC's classes, from the command line."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision.models.segmentation import LRASPP, LRASPP_MobileNet_V3_Large_Weights, lraspp_mobilenet_v3_large

from tests.voc_files import LISTS, write_voc

Call = Callable[..., int]
SCORING = ("eval.accelerator=cpu", "data.workers=0", "wandb.mode=disabled")
TRAINING = ("trainer.accelerator=cpu", "data.workers=0", "wandb.mode=disabled", "dry=true")


@pytest.fixture
def torchvision(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LRASPP:
    """Random weights in the place of torchvision's, which give several classes."""
    torch.manual_seed(0)
    network = lraspp_mobilenet_v3_large(weights=None, weights_backbone=None).eval()
    for layer in network.modules():
        if isinstance(layer, torch.nn.Conv2d):
            torch.nn.init.kaiming_normal_(layer.weight)
    file = tmp_path / "hub" / "checkpoints" / Path(LRASPP_MobileNet_V3_Large_Weights.COCO_WITH_VOC_LABELS_V1.url).name
    file.parent.mkdir(parents=True)
    torch.save(network.state_dict(), file)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    return network


@torch.inference_mode()
def figures_of(network: LRASPP, images: Path, labels: Path) -> tuple[float, float]:
    """mIoU and pixel accuracy of torchvision's own network on images of their own size, by plain counting."""
    mean, std = (torch.tensor(three).reshape(3, 1, 1) for three in ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)))
    counts = np.zeros((21, 21), np.int64)
    for label in sorted(labels.glob("*.png")):
        truth = np.array(Image.open(label))
        pixels = np.array(Image.open(images / f"{label.stem}.jpg").convert("RGB"))
        image = (torch.from_numpy(pixels).permute(2, 0, 1) / 255 - mean) / std
        found = network(image[None])["out"][0].argmax(0).numpy()
        np.add.at(counts, (truth[truth < 21], found[truth < 21]), 1)
    right, either = np.diag(counts), counts.sum(0) + counts.sum(1) - np.diag(counts)
    iou = right[either > 0] / either[either > 0]
    return float(iou.mean()), float(right.sum() / counts.sum())


@pytest.mark.usefixtures("torchvision")
@pytest.mark.parametrize("split", ["trainval"])
def test_torchvision_s_segmenter_on_voc(call: Call, tmp_path: Path, split: str) -> None:
    write_voc(tmp_path / "data" / "VOCdevkit" / "VOC2012")
    keys = (
        "task=lraspp",
        "dataset=voc",
        "data.root=data",
        f"eval.split={split}",
        "weights=torchvision",
        "eval.out=out",
    )
    assert call("eval", *keys, *SCORING) == 0
    found = json.loads((tmp_path / "out" / "metrics.json").read_text())
    assert found["frames"] == len(LISTS["val"]) + (3 if split == "trainval" else 0) and 0 <= found["mIoU"] < 0.2


def test_torchvision_s_segmenter_on_coco(call: Call, tmp_path: Path, test_data: Path, torchvision: LRASPP) -> None:
    root = test_data / "coco_sample"
    keys = ("task=lraspp", "dataset=coco", f"data.root={root}", "data.cache=cache", "weights=torchvision")
    assert call("eval", *keys, "eval.out=out", *SCORING) == 0
    found = json.loads((tmp_path / "out" / "metrics.json").read_text())
    want = figures_of(torchvision, root / "val2017", tmp_path / "cache" / "coco" / "labels" / "val")
    assert found["frames"] == 30
    assert (found["mIoU"], found["pixel_accuracy"]) == pytest.approx(want, abs=1e-4)


@pytest.mark.parametrize("task", ["ssdlite", "lraspp"])
def test_both_tasks_check_and_begin_training(
    call: Call, tmp_path: Path, task: str, capsys: pytest.CaptureFixture[str]
) -> None:
    write_voc(tmp_path / "data" / "voc")
    assert call("data", "check", f"task={task}", "dataset=voc", "data.root=data") == 0
    assert "usable" in capsys.readouterr().out
    size = "[65,97]" if task == "lraspp" else "[320,320]"
    keys = (f"task={task}", "backbone=small", "recipe=finetune", "dataset=voc", "data.root=data", "recipe.batch_size=2")
    crop = ("recipe.crop=[65,97]",) if task == "lraspp" else ()
    assert call("train", *keys, *crop, f"task.input_size={size}", *TRAINING) == 0


def test_what_is_wrong_is_told_and_ends_with_2(call: Call, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for task in ("ssdlite", "lraspp"):
        assert call("data", "check", f"task={task}", "dataset=voc", "data.root=data") == 2
        assert capsys.readouterr().err.count("mnv3 data get voc") == 1
    write_voc(tmp_path / "data" / "VOC2012")
    (tmp_path / "data" / "VOC2012" / "Annotations" / "2007_000001.xml").write_text("<!DOCTYPE a><annotation/>")
    assert call("data", "check", "dataset=voc", "data.root=data") == 2
    assert "2007_000001" in capsys.readouterr().err


def test_the_list_and_getting(call: Call, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_voc(tmp_path / "data" / "VOCdevkit" / "VOC2012")
    assert call("data", "list", "data.root=data") == 0
    (row,) = [line for line in capsys.readouterr().out.splitlines() if line.strip().startswith("voc ")]
    assert "both" in row and "VOCdevkit/VOC2012/ImageSets" in row and "2.0 GB" in row and "mnv3 data get voc" in row
    assert call("data", "get", "voc", "data.root=other", "dry=true") == 0
    said = capsys.readouterr().out
    assert "2.0 GB  http" in said and "VOCtrainval_11-May-2012.tar" in said and not (tmp_path / "other").exists()
    assert call("data", "get", "voc", "data.root=other", "dry=true", "address=http://mirror/") == 0
    assert "http://mirror/pascal" in capsys.readouterr().out
