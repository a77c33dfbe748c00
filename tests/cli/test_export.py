"""mnv3 export, and mnv3 eval of what it writes."""

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from omegaconf import OmegaConf
from PIL import Image
from torch import nn

import mnv3
from mnv3.cli.call.composing import composer
from mnv3.lraspp.data.classes import CITYSCAPES
from mnv3.lraspp.weights.load import segmenter_from_config
from mnv3.ssdlite.weights.load import detector_from_config
from mnv3.tools.export import checking
from mnv3.tools.export.file import read_exported
from mnv3.tools.export.samples import drawn_scenes
from mnv3.tools.streets.classes import COCO_CATEGORIES
from mnv3.tools.weights.checkpoint import write_checkpoint

Call = Callable[..., int]
SMALL = ("dataset.train=2", "dataset.val=3", "dataset.height=96", "dataset.width=128", "data.workers=0")
COMMON = ("data.root=data", "data.workers=0", "wandb.mode=disabled")


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """Runs of a thin detector and a thin segmenter with random weights on the built-in data set."""
    table = [[entry.name, list(entry.colour), entry.category, entry.id] for entry in CITYSCAPES]
    write_run(tmp_path, "ssdlite", "detector.", detector_from_config, dict(enumerate(COCO_CATEGORIES, start=1)), 9)
    write_run(tmp_path, "lraspp", "segmenter.", segmenter_from_config, table, len(table))
    return tmp_path / "runs"


def write_run(root: Path, task: str, prefix: str, build: Callable[..., nn.Module], classes: Any, outputs: int) -> None:
    with composer("train") as make:
        cfg = make([f"task={task}", "backbone.width=0.35", "task.input_size=[96,128]", *SMALL])
    config = OmegaConf.to_container(cfg, resolve=True)
    torch.manual_seed(0)
    network = build(config, outputs)
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d):
            nn.init.kaiming_normal_(layer.weight)
    state = {prefix + name: value for name, value in network.state_dict().items()}
    parameters = {"config": config, "classes": classes, "num_slots": outputs}
    folder = root / "runs" / task / "thin"
    write_checkpoint({"state_dict": state, "hyper_parameters": parameters}, folder / "checkpoints" / "best.ckpt")
    OmegaConf.save(cfg, folder / "config.yaml", resolve=True)
    (folder / "metrics.json").write_text(json.dumps({"AP": 0.25, "per_class": {}}))


@pytest.mark.parametrize("task", ["ssdlite", "lraspp"])
def test_a_file_scores_as_its_run(runs: Path, call: Call, task: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("export", f"run={runs}/{task}/thin") == 0
    file = runs / task / "thin" / "export" / "thin.onnx"
    assert f"mnv3 predict model=runs/{task}/thin/export/thin.onnx" in capsys.readouterr().out
    description = read_exported(file).description
    assert (description.task, description.kind, description.precision) == (task, "whole", "float32")
    assert description.figures == {"AP": 0.25} and description.command.startswith("mnv3 export run=")
    assert description.classes[0].name == {"ssdlite": "person", "lraspp": "road"}[task]
    assert description.classes[-1].id == {"ssdlite": 13, "lraspp": 33}[task]
    reports = {"run": f"run={runs}/{task}/thin", "file": f"model={file}"}
    for out, source in reports.items():
        assert call("eval", source, f"eval.out={out}", "eval.samples=1", "eval.accelerator=cpu", *COMMON) == 0
    found = {out: json.loads(Path(out, "metrics.json").read_text()) for out in reports}
    key = {"ssdlite": "detections", "lraspp": "pixel_accuracy"}[task]
    assert found["file"][key] == pytest.approx(found["run"][key], rel=1e-3)
    assert found["file"]["checkpoint"] == str(file)


def test_raw_and_eight_bits(runs: Path, call: Call, capsys: pytest.CaptureFixture[str]) -> None:
    """The parts that a user sees; what is in the files is tested elsewhere."""
    assert call("export", "task=lraspp", "raw=true", "out=raw.onnx") == 0
    assert "100.0000 %" in capsys.readouterr().out
    assert read_exported("raw.onnx").description.kind == "raw"
    assert call("export", f"run={runs}/ssdlite/thin", "int8=true", "images=2") == 0
    assert read_exported(runs / "ssdlite/thin/export/thin-int8.onnx").description.precision == "int8"
    assert call("eval", f"model={runs}/ssdlite/thin/export/thin-int8.onnx", "dry=true", *COMMON) == 0
    assert "Nothing was written" in capsys.readouterr().out


def test_a_file_that_does_not_agree_is_not_kept(
    runs: Path, call: Call, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checking, "PIXELS", 1.1)
    assert call("export", f"run={runs}/lraspp/thin", "out=file.onnx") == 2
    assert "does not match the network" in capsys.readouterr().err
    assert not list(Path.cwd().glob("*.onnx"))


def test_mistakes(runs: Path, call: Call, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    Path("foreign.onnx").write_bytes(b"no model")
    for words, sentence in (
        (["export", "run=nowhere"], "there is no such folder"),
        (["export", "format=tflite"], "format=tflite"),
        (["export", "out=file.pt"], "must end in .onnx"),
        (["export", "run=a", "ckpt=b"], "give only one"),
        (["eval", "model=none.onnx"], "there is no such file"),
        (["eval", "model=foreign.onnx"], "not an ONNX file"),
        (["eval", "model=foreign.onnx", f"run={runs}/ssdlite/thin"], "give only one"),
    ):
        assert call(*words) == 2, words
        assert sentence in capsys.readouterr().err
    monkeypatch.setitem(sys.modules, "onnxscript", None)
    assert call("export", f"run={runs}/ssdlite/thin") == 2
    assert "onnxscript, which is not installed: pip install 'mnv3[export]'" in capsys.readouterr().err


@pytest.mark.parametrize("task", ["ssdlite", "lraspp"])
def test_a_model_card_is_one_of_the_hub(runs: Path, call: Call, task: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Read by the hub's own library; a file that mnv3 did not write stays."""
    hub = pytest.importorskip("huggingface_hub")
    headline = {"ssdlite": {"AP": 0.25, "AP50": 0.5}, "lraspp": {"mIoU": 0.5, "pixel_accuracy": 0.75}}[task]
    (runs / task / "thin" / "metrics.json").write_text(json.dumps({**headline, "epoch": 3, "per_class": {}}))
    assert call("export", f"run={runs}/{task}/thin", "card=true") == 0
    path = runs / task / "thin" / "export" / "README.md"
    card = hub.ModelCard.load(path)
    card.data.license = "apache-2.0"
    assert {result.metric_name: result.metric_value for result in card.data.eval_results} == headline
    assert card.data.pipeline_tag == {"ssdlite": "object-detection", "lraspp": "image-segmentation"}[task]
    assert "`person`" in card.text and "epoch 3" in card.text
    assert call("export", f"run={runs}/{task}/thin", "card=true") == 0  # its own is replaced
    for mine in (path.read_text().replace("license: unknown", "license: apache-2.0"), "mine"):
        path.write_text(mine)
        capsys.readouterr()
        assert call("export", f"run={runs}/{task}/thin", "card=true") == 2
        assert "card=true" in capsys.readouterr().err and path.read_text() == mine


def test_the_deployment_page_runs_without_mnv3(runs: Path, call: Call, tmp_path: Path) -> None:
    """Its Python as printed, with onnxruntime alone, gives what `mnv3 predict` gives."""
    Image.fromarray(next(iter(drawn_scenes("val", 1)))).save(tmp_path / "photo.png")
    Image.open(tmp_path / "photo.png").save(tmp_path / "photo.jpg")
    for task, name in (("ssdlite", "detector"), ("lraspp", "segmenter")):
        assert call("export", f"run={runs}/{task}/thin", f"out={name}.onnx") == 0
    page = (Path(__file__).parents[2] / "docs" / "deploy.md").read_text()
    codes = re.findall(r"^```python\n(.*?)^```", page, re.DOTALL | re.MULTILINE)
    blocked = "import sys\nsys.modules['torch'] = sys.modules['mnv3'] = None\n"
    printed = [
        subprocess.run(
            [sys.executable, "-c", blocked + code], cwd=tmp_path, capture_output=True, text=True, check=True
        ).stdout
        for code in codes
    ]
    detector, segmenter = (mnv3.load(tmp_path / f"{name}.onnx") for name in ("detector", "segmenter"))
    found = detector.predict(tmp_path / "photo.jpg", threshold=0.0)
    lines = printed[0].splitlines()
    assert len(lines) == len(found.scores)
    assert all(
        line.startswith(f"{found.names[number]} {score:.2f}")
        for line, number, score in zip(lines, found.classes, found.scores, strict=True)
    )
    labels = segmenter.predict(tmp_path / "photo.jpg").labels
    assert np.asarray(Image.open(tmp_path / "labels.png")).shape == (*labels.shape, 3)
    name = segmenter.predict(tmp_path / "photo.jpg").names[0]
    assert f"{name}: {(labels == 0).mean():.1%}" in printed[1]
