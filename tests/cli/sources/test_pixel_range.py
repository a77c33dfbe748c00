"""A detector whose graph takes images in another range of pixels: what is exported takes the same."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

SCALE = "Preprocessor/mul/x"


@pytest.fixture
def brighter(test_data: Path, tmp_path: Path) -> Path:
    """The authors' SSDLite of 2018 with the range -1..1.5 instead of -1..1."""
    source, folder = test_data / "elsewhere" / "coco_ssd", tmp_path / "brighter"
    folder.mkdir()
    for file in source.iterdir():
        if file.suffix != ".npz":
            shutil.copyfile(file, folder / file.name)
    (group,) = json.loads((source / "model.json").read_text())["weightsManifest"]
    at = 0
    for entry in group["weights"]:
        if entry["name"] == SCALE:
            break
        at += 4 * int(np.prod(entry["shape"]))
    shards = [folder / name for name in group["paths"]]
    shard = shards[at // shards[0].stat().st_size]
    at %= shards[0].stat().st_size
    content = bytearray(shard.read_bytes())
    assert np.frombuffer(content, "<f4", 1, at)[0] == np.float32(2 / 255)
    content[at : at + 4] = np.float32(2.5 / 255).tobytes()
    shard.write_bytes(content)
    return folder


def test_the_exported_file_gives_the_same_boxes(test_data: Path, brighter: Path, call: Callable[..., int]) -> None:
    photos = [str(path) for path in sorted((test_data / "coco_sample" / "val2017").glob("*.jpg"))[:3]]
    assert call("export", f"weights={brighter}", "out=x.onnx") == 0
    found = {}
    for name, source in (
        ("changed", f"weights={brighter}"),
        ("exported", "model=x.onnx"),
        ("as it was", f"weights={test_data}/elsewhere/coco_ssd"),
    ):
        assert call("predict", *photos, source, "predict.draw=false", f"predict.out={name}") == 0
        content = json.loads((Path(name) / "detections.json").read_text())
        found[name] = boxes(content)
    assert len(found["changed"]) > 5
    np.testing.assert_allclose(found["exported"], found["changed"], atol=0.02)
    assert len(found["as it was"]) != len(found["changed"]) or not np.allclose(
        found["as it was"], found["changed"], atol=1
    )


def boxes(content: object) -> np.ndarray:
    """All lists of four numbers in a file of detections, in their order."""
    if isinstance(content, dict):
        content = list(content.values())
    if isinstance(content, list):
        if len(content) == 4 and all(isinstance(value, int | float) for value in content):
            return np.array([content])
        return np.concatenate([np.zeros((0, 4)), *map(boxes, content)])
    return np.zeros((0, 4))
