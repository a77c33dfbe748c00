"""What a call takes from the run that it names: keys of its groups, its data set; and how often the run is read."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from PIL import Image

from mnv3.cli.call.arguments import split
from mnv3.cli.scored import with_task
from mnv3.lraspp.model.segmenter import build_segmenter
from mnv3.ssdlite.model.detector import build_detector
from mnv3.tools.errors import UserError
from tests.cli.whole_run import NAMES, write_whole_run

Call = Callable[..., int]
OWN_DATA = ("dataset=coco_json", "dataset.train_json=t.json", "dataset.val_json=v.json", "dataset.train_images=im",
            "dataset.val_images=im")  # fmt: skip


@pytest.fixture
def run(call: Call) -> Path:
    """A run on the user's own boxes, in the folder of the calls."""
    folder = Path("runs/ssdlite/own")
    write_whole_run(folder, *OWN_DATA)
    Path("im").mkdir()
    Image.new("RGB", (64, 64)).save("im/a.png")
    boxes = {
        "images": [{"id": 1, "file_name": "a.png", "width": 64, "height": 64}],
        "categories": [{"id": number, "name": name} for number, name in enumerate(NAMES, 1)],
        "annotations": [{"id": 1, "image_id": 1, "category_id": 3, "bbox": [5, 5, 20, 20], "area": 400, "iscrowd": 0}],
    }
    for name in ("t.json", "v.json", "other.json"):
        Path(name).write_text(json.dumps(boxes))
    return folder


@pytest.mark.parametrize("word", ["run=runs/ssdlite/own", "run=own", "ckpt=runs/ssdlite/own/checkpoints/best.ckpt"])
def test_keys_of_the_data_set_are_those_of_the_run_s_own(run: Path, call: Call, word: str) -> None:
    assert call("eval", word, "dataset.val_json=other.json", "data.workers=0", "eval.samples=0", "eval.out=report") == 0
    keys = json.loads(Path("report/metrics.json").read_text())["dataset_keys"]
    assert (keys["val_json"], keys["val_images"], keys["train_json"]) == ("other.json", "im", "t.json")


def test_a_checkpoint_without_its_folder_tells_them_too(run: Path, call: Call) -> None:
    (run / "checkpoints/best.ckpt").rename("alone.ckpt")
    assert call("eval", "ckpt=alone.ckpt", "dataset.val_json=other.json", "data.workers=0", "dry=true") == 0


def test_mistakes_in_them_are_told_by_their_own_names(
    run: Path, call: Call, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call("eval", f"run={run}", "dataset.val_jsn=x") == 2
    assert "dataset.val_json" in capsys.readouterr().err
    assert call("eval", f"run={run}", "dataset.val_json=missing.json") == 2
    assert "missing.json" in capsys.readouterr().err


def test_a_data_set_that_is_said_begins_anew(run: Path) -> None:
    given = split(["run=own", "task=ssdlite", "dataset=streets", "dataset.val=3"])
    assert with_task(given).overrides == given.overrides


def test_neither_a_run_nor_the_data_are_told_together(call: Call, capsys: pytest.CaptureFixture[str]) -> None:
    for word in ([], ["run=nowhere"], ["ckpt=nowhere"], ["weights=nowhere"], ["model=nowhere"]):
        assert call("eval", "task=lraspp", "dataset=cityscapes", *word) == 2
        said = capsys.readouterr().err
        assert "2 mistakes" in said and "Cityscapes val" in said and "mnv3 data get cityscapes" in said
        assert "nowhere" in said or "no trained run" in said


def test_weights_of_the_other_task_are_named_in_every_verb(call: Call, capsys: pytest.CaptureFixture[str]) -> None:
    torch.save(build_detector(backbone="small", width=0.35, num_slots=4).state_dict(), "detector.pth")
    torch.save(build_segmenter(backbone="small", width=0.35, num_classes=4).state_dict(), "segmenter.pth")
    Image.new("RGB", (64, 64)).save("x.png")
    for task, file in (("lraspp", "detector.pth"), ("ssdlite", "segmenter.pth")):
        for words in (("predict", "x.png"), ("export",), ("eval",)):
            assert call(*words, f"task={task}", f"weights={file}") == 2
            said = capsys.readouterr().err
            assert said.startswith(f"mnv3: {file} holds a {file[:-4]}, not a"), said


def test_a_checkpoint_is_read_once(run: Path, call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading, checking and unpickling take most of the time of small jobs."""
    Image.new("RGB", (64, 64)).save("x.png")
    reads: list[object] = []
    load = torch.load
    monkeypatch.setattr(torch, "load", lambda *args, **options: reads.append(args) or load(*args, **options))
    monkeypatch.setattr("mnv3.ssdlite.export.hooks.build", enough)
    best = run / "checkpoints/best.ckpt"
    for code, *words in (
        (0, "eval", f"run={run}", "data.workers=0", "dry=true"),
        (0, "eval", f"weights={best}", *OWN_DATA, "data.workers=0", "dry=true"),
        (0, "predict", f"run={run}", "x.png", "predict.draw=false"),
        (0, "predict", f"weights={best}", "x.png", "predict.draw=false"),
        (2, "export", f"run={run}"),
        (2, "export", f"weights={best}"),
    ):
        reads.clear()
        assert call(*words) == code and len(reads) == 1, words


def enough(*_: object) -> None:
    """In the place of an export, which takes long."""
    raise UserError("enough")
