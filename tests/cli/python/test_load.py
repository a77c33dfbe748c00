"""mnv3.load: what a word stands for, and what is imported."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch

import mnv3
from mnv3.cli.python.load import kind
from mnv3.tools.weights.checkpoint import read_checkpoint

IMPORTED = """
import sys, time
start = time.perf_counter()
import mnv3
assert time.perf_counter() - start < 0.3
light = set(sys.modules)
assert not {"torch", "numpy", "omegaconf"} & light, light
import numpy as np
for file in ("small.onnx", "masks.onnx"):
    found = mnv3.load(file).predict([np.zeros((60, 80, 3), np.uint8), "photo.jpg"])[1]
    found.draw(), found.to_coco(), found._repr_png_(), repr(found)
print("torch" in sys.modules, sorted(mnv3.__all__) == sorted(name for name in dir(mnv3) if name in mnv3.__all__))
"""


def test_files_run_without_torch(place: Path) -> None:
    done = subprocess.run([sys.executable, "-W", "error", "-c", IMPORTED], cwd=place, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "False True\n" and not done.stderr


def test_what_a_word_stands_for(place: Path) -> None:
    checkpoint = Path("runs/ssdlite/streets/checkpoints/best.ckpt")
    Path("alone").mkdir()
    shutil.copy(checkpoint, "alone/best.ckpt")
    torch.save(read_checkpoint(checkpoint)["state_dict"], "state.pth")
    Path("model.ckpt-4.index").touch()
    words = {
        "masks": "run",
        "runs/ssdlite/streets": "run",
        str(place / "runs/ssdlite/streets"): "run",
        str(checkpoint): "ckpt",
        "alone/best.ckpt": "weights",
        "state.pth": "weights",
        "alone": "weights",
        "model.ckpt-4": "weights",
        "torchvision": "weights",
        "small.onnx": "model",
    }
    assert {word: kind(word) for word in words} == words
    for word in ("streets", checkpoint, "alone/best.ckpt"):
        model = mnv3.load(word)
        assert model.task == "ssdlite" and model.names[3] == "car" and len(model.ids) == len(model.colours) == 8
    assert mnv3.load("masks", task="lraspp").task == "lraspp"


def test_odd_paths_and_another_input_size(place: Path) -> None:
    shutil.copytree("runs/ssdlite/streets", "a ${b} 'c'")
    one, two = (mnv3.load("a ${b} 'c'", input_size=size) for size in (None, (64, 64)))
    found = [model.predict("photo.jpg", threshold=0.05) for model in (one, two)]
    assert found[0].scores.tolist() != found[1].scores.tolist()


@pytest.mark.parametrize(
    ("word", "given", "pattern"),
    [
        ("streeds", {}, "did you mean streets"),
        ("nothing/at/all", {}, "nothing/at/all: there is no"),
        ("streets", {"task": "lraspp"}, "streets"),
        ("streets", {"task": "unet", "accelerator": "cuda"}, r"(?s)task=unet.*accelerator=cuda"),
        ("small.onnx", {"input_size": (64, 64)}, "input_size"),
        ("small.onnx", {"task": "lraspp"}, "task=ssdlite"),
        ("photo.jpg", {}, "photo.jpg"),
    ],
)
def test_mistakes(word: str, given: dict, pattern: str, place: Path) -> None:
    with pytest.raises(ValueError, match=pattern):
        mnv3.load(word, **given)


def test_unknown_names() -> None:
    with pytest.raises(AttributeError, match="lood"):
        mnv3.lood  # noqa: B018  # pyright: ignore[reportAttributeAccessIssue]
