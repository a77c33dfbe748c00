"""Damaged and altered files of TensorFlow.js and TensorFlow Lite: a network, or a sentence, and at once."""

import json
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mnv3.backbones.network import build_backbone
from mnv3.backbones.weights import load_backbone_weights
from mnv3.lraspp.weights.load import load_weights as load_segmenter
from mnv3.ssdlite.weights.load import load_weights as load_detector
from mnv3.tools.weights.formats import open_weights
from tests.mutations import altered, damaged, generator, survives

SECONDS = 20  # of a slow machine; each takes less than one


def load_backbone(path: str) -> Any:
    file = open_weights(path)
    backbone = build_backbone("v2", padding="same", taps=("last",))
    return load_backbone_weights(backbone, path, entries=file.tensors, pixels=file.pixels())


def cases(few: int, many: int) -> Any:
    return pytest.mark.parametrize("cases", [few, pytest.param(many, marks=pytest.mark.nightly)])


def in_time(read: Callable[[], Any]) -> bool:
    start = time.perf_counter()
    loaded = survives(read)
    assert time.perf_counter() - start < SECONDS
    return loaded


@cases(20, 800)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_models_of_tensorflow_js(test_data: Path, tmp_path: Path, cases: int) -> None:
    """The graph with odd values, in nodes that matter and others; the text with bytes changed; a shard."""
    source, ended = test_data / "elsewhere" / "coco_ssd", 0
    names = ["model.json", *(f"group1-shard{n}of5" for n in range(1, 6))]
    for name in names:
        shutil.copy(source / name, tmp_path / name)
        (tmp_path / name).chmod(0o644)
    model = json.loads((source / "model.json").read_text())
    for number in range(cases):
        rng = generator("tfjs", number)
        name = "model.json" if number % 4 else rng.choice(names)
        if number % 4 == 1:
            nodes = [altered(node, rng) if rng.random() < 0.02 else node for node in model["modelTopology"]["node"]]
            (tmp_path / name).write_text(json.dumps({**model, "modelTopology": {"node": nodes}}))
        elif number % 4 == 2:
            manifest = altered(model["weightsManifest"], rng)
            (tmp_path / name).write_text(json.dumps({**model, "weightsManifest": manifest}))
        else:
            (tmp_path / name).write_bytes(damaged((source / name).read_bytes(), rng))
        ended += not in_time(lambda: load_detector(str(tmp_path)))
        shutil.copyfile(source / name, tmp_path / name)
    assert ended > cases / 3


@cases(20, 1500)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_files_of_tensorflow_lite(test_data: Path, tmp_path: Path, cases: int) -> None:
    """Where the tables are, at the beginning and the end, and anywhere."""
    coral, ended = test_data / "elsewhere" / "coral", 0
    readers = {
        coral / "deeplabv3_mnv2_pascal_quant.tflite": load_segmenter,
        coral / "mobilenet_v2_1.0_224_quant.tflite": load_backbone,
        test_data / "lraspp_tf" / "seg_graph_f.tflite": load_segmenter,
    }
    for number in range(cases):
        rng = generator("lite", number)
        path = rng.choice(list(readers))
        content = path.read_bytes()
        part = rng.choice((slice(0, 20_000), slice(-60_000, None), slice(None)))
        changed = bytearray(content)
        changed[part] = damaged(content[part], rng)
        (tmp_path / "x.tflite").write_bytes(changed)
        ended += not in_time(lambda path=path: readers[path](str(tmp_path / "x.tflite")))
    assert ended > cases / 5
