"""The reader of TensorFlow.js' graph models: the authors' detector rewritten in quantised shards, and damaged ones."""

import json
import resource
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mnv3.tools.errors import UserError
from mnv3.tools.weights.formats import open_weights
from mnv3.tools.weights.tensorflow.tfjs import read_tfjs

SECONDS, MEMORY = 10, 500 * 2**20
STEM = "FeatureExtractor/MobilenetV2/Conv"


def small() -> dict[str, Any]:
    """A model.json of one convolution, whose shard "w" has 3 * 3 * 3 * 4 + 4 float32."""
    strides = {"list": {"i": ["1", "2", "2", "1"]}}
    node = {
        "name": f"{STEM}/Conv2D",
        "op": "Conv2D",
        "input": ["image", f"{STEM}/weights"],
        "attr": {"strides": strides},
    }
    add = {"name": f"{STEM}/add", "op": "BiasAdd", "input": [f"{STEM}/Conv2D", "bias"]}
    weights = [
        {"name": f"{STEM}/weights", "shape": [3, 3, 3, 4], "dtype": "float32"},
        {"name": "bias", "shape": [4], "dtype": "float32"},
    ]
    return {"modelTopology": {"node": [node, add]}, "weightsManifest": [{"paths": ["w"], "weights": weights}]}


VALUES = np.random.default_rng(0).normal(size=112).astype("<f4")


def written(folder: Path, model: Any, shards: dict[str, bytes] | None = None) -> Path:
    content = model if isinstance(model, str) else json.dumps(model)
    (folder / "model.json").write_text(content)
    for name, data in ({"w": VALUES.tobytes()} if shards is None else shards).items():
        (folder / name).write_bytes(data)
    return folder / "model.json"


def test_a_folder_its_file_and_several_shards(tmp_path: Path) -> None:
    model, data = small(), VALUES.tobytes()
    model["weightsManifest"][0]["paths"] = ["b", "a"]  # the order is theirs, values may be cut in two
    written(tmp_path, model, {"b": data[:30], "a": data[30:]})
    for source in (tmp_path, tmp_path / "model.json"):
        tensors = open_weights(source).tensors
        np.testing.assert_array_equal(tensors[f"{STEM}/weights"], VALUES[:108].reshape(3, 3, 3, 4))
        np.testing.assert_array_equal(tensors[f"{STEM}/biases"], VALUES[108:])


@pytest.mark.parametrize("kind", ["uint8", "uint16", "float16"])
def test_quantised_shards_of_a_real_model(test_data: Path, tmp_path: Path, kind: str) -> None:
    """As the converter quantises: value = stored * scale + min."""
    source = test_data / "elsewhere" / "coco_ssd"
    model, whole = json.loads((source / "model.json").read_text()), read_tfjs(source / "model.json")
    (group,) = model["weightsManifest"]
    data = b""
    for entry in group["weights"]:
        values = whole.constants[entry["name"]]
        if entry["dtype"] != "float32" or not values.size:
            data += values.tobytes()
            continue
        stored, entry["quantization"] = quantised(values, kind)
        data += stored.tobytes()
    group["paths"] = ["all"]
    graph = read_tfjs(written(tmp_path, model, {"all": data}))
    kernels = [entry["name"] for entry in group["weights"] if len(entry["shape"]) == 4]
    assert graph.quantised == (0 if kind == "float16" else len(kernels))
    for entry in group["weights"]:
        want, got = whole.constants[entry["name"]], graph.constants[entry["name"]]
        assert got.dtype == want.dtype and got.shape == want.shape
        span = float(np.ptp(want)) if want.size else 0.0
        steps = {"uint8": 255, "uint16": 65535, "float16": 2**9}[kind]
        np.testing.assert_allclose(got, want, atol=span / steps + 1e-6, rtol=2**-10)


def quantised(values: np.ndarray, kind: str) -> tuple[np.ndarray, dict[str, Any]]:
    if kind == "float16":
        return values.astype("<f2"), {"dtype": kind, "original_dtype": "float32"}
    low, high = float(values.min()), float(values.max())
    scale = (high - low) / np.iinfo(kind).max or 1.0
    stored = ((values.astype(np.float64) - low) / scale).round().astype(f"<{np.dtype(kind).str[1:]}")
    return stored, {"dtype": kind, "scale": scale, "min": low, "original_dtype": "float32"}


def test_quantised_integers_are_rounded(tmp_path: Path) -> None:
    model = small()
    model["weightsManifest"][0]["weights"].append(
        {"name": "n", "shape": [2], "dtype": "int32"}
        | {"quantization": {"dtype": "uint8", "scale": 0.99, "min": -0.2, "original_dtype": "int32"}}
    )
    read = read_tfjs(written(tmp_path, model, {"w": VALUES.tobytes() + bytes([3, 200])}))
    np.testing.assert_array_equal(read.constants["n"], np.array([3, 198], np.int32), strict=True)


def paths(*names: Any) -> Callable[[dict[str, Any]], None]:
    return lambda model: model["weightsManifest"][0].update(paths=list(names))


def weight(**changes: Any) -> Callable[[dict[str, Any]], None]:
    return lambda model: model["weightsManifest"][0]["weights"][0].update(changes)


def scheme(**changes: Any) -> Callable[[dict[str, Any]], None]:
    return weight(quantization={"dtype": "uint8", "scale": 0.1, "min": 0.0, **changes})


MANIFESTS: dict[str, tuple[Callable[[dict[str, Any]], None], str]] = {
    "a missing shard": (paths("w", "other"), "missing beside it: other"),
    "a folder as shard": (paths("."), "missing beside it"),
    "above the folder": (paths("../w"), "outside its folder"),
    "above and back": (paths("sub/../../w"), "outside its folder"),
    "absolute": (paths("/etc/passwd"), "outside its folder"),
    "a link out of it": (paths("link"), "outside its folder"),
    "no text": (paths(None, 3), "missing beside it"),
    "a zero in the name": (paths("w\0"), "damaged"),
    "a long name": (paths("w" * 5000), "damaged|missing"),
    "a shard a million times": (paths(*["w"] * 1_000_000), "damaged"),
    "a shard a thousand times": (paths(*["w"] * 1000), "hold 448,000 bytes where the manifest lists 448"),
    "another shape": (weight(shape=[3, 3, 3, 5]), "hold 448 bytes where the manifest lists 556"),
    "a huge shape": (weight(shape=[2**31, 2**31]), "hold 448 bytes"),
    "a shape beyond numbers": (weight(shape=[10**4000, 10**4000]), "damaged|hold 448 bytes"),
    "two negative sides": (weight(shape=[-9, -12]), "damaged"),
    "a negative side": (weight(shape=[-108]), "damaged"),
    "no shape": (weight(shape=None), "damaged"),
    "sides that are no numbers": (weight(shape=["3", 36]), "damaged"),
    "half a side": (weight(shape=[4.5, 24]), "damaged"),
    "an unknown type": (weight(dtype="complex64"), "damaged"),
    "the name twice": (weight(name="bias"), "damaged"),
    "quantised in 32 bits": (scheme(dtype="int32"), "hold|damaged"),
    "a scale that is text": (scheme(scale="0.1"), "hold|damaged"),
    "no weights": (lambda model: model["weightsManifest"][0].pop("weights"), "damaged"),
    "a manifest that is a number": (lambda model: model.update(weightsManifest=3), "damaged"),
    "nodes that are text": (lambda model: model["modelTopology"].update(node=["Conv2D"]), "damaged"),
    "a layers model": (lambda model: model.update(modelTopology={"model_config": {}}), "layers model"),
    "no topology": (lambda model: model.pop("modelTopology"), "is not the model.json"),
}


@pytest.mark.parametrize("name", MANIFESTS)
def test_manifests(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "model"
    folder.mkdir()
    (tmp_path / "w").write_bytes(VALUES.tobytes())
    (folder / "link").symlink_to(tmp_path / "w")
    change, sentence = MANIFESTS[name]
    model = small()
    change(model)
    refused(written(folder, model), sentence)


@pytest.mark.parametrize("length", [0, 447, 449, 10**6])
def test_shards_of_another_length(tmp_path: Path, length: int) -> None:
    refused(written(tmp_path, small(), {"w": bytes(length)}), f"shards hold {length:,} bytes .* lists 448")


@pytest.mark.parametrize("scale", ["NaN", "Infinity", "1e400"])
def test_scales_that_are_no_numbers(tmp_path: Path, scale: str) -> None:
    model = small()
    scheme(scale="SCALE")(model)
    refused(written(tmp_path, json.dumps(model).replace('"SCALE"', scale), {"w": bytes(108 + 16)}), "damaged")


@pytest.mark.parametrize(
    "text",
    [
        *("", "{", "null", "[]", "3", "9" * 100_000, "[" * 200_000, '{"a":' * 200_000),
        *('{"modelTopology": 3}', '{"modelTopology": {"node": []}, "weightsManifest": null}', json.dumps(small())[:-9]),
    ],
    ids=lambda text: text[:20],
)
def test_other_texts(tmp_path: Path, text: str) -> None:
    refused(written(tmp_path, text), "model.json")


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    (tmp_path / "model.json").write_bytes(b"\xff\xfe\x00" * 1000)
    refused(tmp_path / "model.json", "is not the model.json")


def test_too_long_a_file_is_not_parsed(tmp_path: Path) -> None:
    refused(written(tmp_path, "[" + "{}," * 10**7), "larger than any")


def test_non_finite_weights_are_refused(tmp_path: Path) -> None:
    values = VALUES.copy()
    values[5] = np.nan
    refused(written(tmp_path, small(), {"w": values.tobytes()}), "model.json")


def refused(path: Path, sentence: str) -> None:
    """One sentence that names the file, at once, without much memory."""
    before, start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.perf_counter()
    with pytest.raises(UserError, match=sentence) as caught:
        open_weights(path)
    assert time.perf_counter() - start < SECONDS
    assert 1024 * (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) < MEMORY
    assert len(caught.value.problems) == 1 and len(str(caught.value)) < 700 and path.name in str(caught.value)
