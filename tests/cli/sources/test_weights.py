"""mnv3 eval weights= and mnv3 train init=, backbone.weights=: anybody's files, from the command line."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from mnv3.ssdlite.model.detector import build_detector

Call = Callable[..., int]
COMMON = ("eval.accelerator=cpu", "data.workers=0", "wandb.mode=disabled")


class Bomb:
    """Pickled, it would write a file when it is loaded."""

    def __reduce__(self) -> tuple:
        return Path.write_text, (Path("boom"), "boom")


@pytest.fixture
def coco(test_data: Path, tmp_path: Path) -> list[str]:
    """Two images of COCO with its 80 classes."""
    content = json.loads((test_data / "coco_sample" / "annotations" / "instances_val2017.json").read_text())
    content["images"] = content["images"][:2]
    ids = {image["id"] for image in content["images"]}
    content["annotations"] = [entry for entry in content["annotations"] if entry["image_id"] in ids]
    (tmp_path / "coco.json").write_text(json.dumps(content))
    return ["dataset=coco_json", "dataset.val_json=coco.json", f"dataset.val_images={test_data}/coco_sample/val2017"]


def test_the_authors_checkpoint_needs_no_further_options(
    test_data: Path, coco: list[str], call: Call, capsys: pytest.CaptureFixture[str]
) -> None:
    source = test_data / "oracle_tf" / "ssd_v3_small_random_ckpt"
    assert call("eval", f"weights={source}", *coco, *COMMON, "eval.samples=0") == 0
    said = capsys.readouterr().out
    assert f"Loaded all of {source}." in said and "small-rf2 SSDLite on 2 images" in said
    report = Path("runs/eval/ssd_v3_small_random_ckpt-coco_json-val")
    found = json.loads((report / "predictions" / "detections.json").read_text())
    assert {entry["category_id"] for entry in found} <= set(range(1, 91)) and len(found) > 50


def test_classes_of_another_data_set_are_refused(
    test_data: Path, coco: list[str], call: Call, capsys: pytest.CaptureFixture[str]
) -> None:
    content = json.loads(Path("coco.json").read_text())
    content["categories"][0]["name"] = "mitten"
    Path("coco.json").write_text(json.dumps(content))
    source = f"weights={test_data}/oracle_tf/ssd_v3_small_random_ckpt"
    assert call("eval", source, *coco, *COMMON) == 2
    assert "slot 1 is person, where the data set has 'mitten'" in capsys.readouterr().err
    assert call("eval", source, *coco, *COMMON, "dataset.class_slots=contiguous") == 2
    assert "Use the data set, and dataset.class_slots, that it was trained with" in capsys.readouterr().err
    assert not Path("runs").exists()


def test_a_run_begins_with_anybody_s_weights(
    test_data: Path, coco: list[str], call: Call, capsys: pytest.CaptureFixture[str]
) -> None:
    source = test_data / "oracle_tf" / "ssd_v3_small_random_frozen.pb"
    content = json.loads(Path("coco.json").read_text())
    content["categories"][1]["name"] = "mitten"
    Path("coco.json").write_text(json.dumps(content))
    data = [*coco, *(entry.replace("val_", "train_") for entry in coco[1:])]
    common = [
        *data,
        "dry=true",
        "data.workers=0",
        "backbone.rf2=true",
        "recipe.batch_size=2",
        "task.input_size=[96,96]",
    ]
    assert call("train", f"init={source}", *common) == 0
    said = capsys.readouterr().out
    assert said.count("carried over by name") == 1 and "person" in said and "(79 of 80); new: mitten." in said
    assert f"Loaded the rest of {source}." in said and "Not loaded" not in said
    assert call("train", f"backbone.weights={source}", *common) == 0
    assert f"Loaded all of {source}." in capsys.readouterr().out


@pytest.fixture
def bad_files(test_data: Path, call: Call) -> None:
    """Files that are nothing to begin with, in the folder of the calls."""
    torch.save({"state_dict": {"w": torch.zeros(1)}, "extra": Bomb()}, "code.pth")
    torch.save(build_detector(backbone="small", width=0.35, num_slots=4).state_dict(), "whole.pth")
    Path("cut.pth").write_bytes(Path("whole.pth").read_bytes()[:-100])
    for part in ("index", "data-00000-of-00001"):
        shutil.copyfile(test_data / "oracle_tf" / "ssd_v3_small_random_ckpt" / f"model.ckpt.{part}", f"cut.{part}")
    Path("cut.index").write_bytes(Path("cut.index").read_bytes()[:9000])
    Path("photo.jpg").write_bytes(b"\xff\xd8\xff\xe0" + bytes(100))
    torch.save({"head.features.conv.weight": torch.zeros(8, 8, 1, 1)}, "segmenter.pth")


STREETS = ("dataset.train=2", "dataset.val=2", "dataset.height=64", "dataset.width=64", "data.root=data")


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("code.pth", "refused, because it holds pickled Python objects"),
        ("cut.pth", "it is truncated or damaged"),
        ("cut.index", "was cut off"),
        ("photo.jpg", "none of a PyTorch checkpoint"),
        ("segmenter.pth", "holds a segmenter, not a detector: add task=lraspp"),
        ("nothing.pth", "there is no such file of weights"),
    ],
)
@pytest.mark.usefixtures("bad_files")
def test_mistakes_are_a_sentence(call: Call, capsys: pytest.CaptureFixture[str], name: str, sentence: str) -> None:
    assert call("eval", f"weights={name}", *STREETS) == 2
    said = capsys.readouterr().err
    assert sentence in said and name in said and said.startswith("mnv3: ") and said.count("\n") == 1
    assert not Path("boom").exists() and not Path("runs").exists()


@pytest.mark.parametrize("key", ["init", "backbone.weights"])
@pytest.mark.usefixtures("bad_files")
def test_mistakes_in_training_too(call: Call, capsys: pytest.CaptureFixture[str], key: str) -> None:
    assert call("train", f"{key}=code.pth", *STREETS, "data.workers=0", "dry=true") == 2
    assert "refused, because it holds pickled Python objects" in capsys.readouterr().err
    assert call("train", f"{key}=segmenter.pth", *STREETS, "data.workers=0", "dry=true") == 2
    assert capsys.readouterr().err.startswith("mnv3: segmenter.pth")
    assert not Path("boom").exists()
