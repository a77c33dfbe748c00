"""Reads TensorFlow.js graph models without TensorFlow: `model.json` and its shards of weights.

`model.json` holds a GraphDef as JSON, and a manifest: groups of weights, each with the files that hold their bytes one
after the other. Quantised weights are stored as uint8 or uint16 with scale and minimum, or as float16.
"""

import json
from collections.abc import Iterator, Mapping
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from mnv3.tools.errors import UserError
from mnv3.tools.text.plain import listed
from mnv3.tools.weights.tensorflow.frozen import sources
from mnv3.tools.weights.tensorflow.graph import Graph, Node

MODEL = "model.json"
DTYPES = {"float32": "<f4", "int32": "<i4", "bool": "?", "uint8": "u1", "uint16": "<u2", "float16": "<f2"}
LARGEST_TOPOLOGY = 100 * 2**20
"""Most bytes of model.json: that of a detector takes half a megabyte."""


def read_tfjs(path: Path) -> Graph:
    """Read a graph model from its model.json, with the shards beside it.

    Raises UserError: not such a file; a Keras ("layers") model; shards that are missing, outside the folder, or of
    another length than the manifest says.
    """
    if path.stat().st_size > LARGEST_TOPOLOGY:
        raise UserError(f"{path} is larger than any {MODEL} of TensorFlow.js.")
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        topology, manifest = content["modelTopology"], content["weightsManifest"]
        layers = "node" not in topology
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise UserError(f"{path} is not the {MODEL} of a TensorFlow.js model, or was cut off.") from error
    if layers:
        raise UserError(
            f"{path} is a layers model of TensorFlow.js (from Keras); mnv3 reads graph models, as "
            "`tensorflowjs_converter --output_format=tfjs_graph_model` writes them."
        )
    try:
        graph = Graph(nodes=dict(_nodes(topology["node"])))
        for group in manifest:
            data = _bytes(path, [str(name) for name in group["paths"]])
            graph.quantised += _take(graph.constants, path, group["weights"], data)
    except UserError:
        raise
    except Exception as error:  # foreign JSON fails in arbitrary ways
        raise UserError(f"{path}: its graph or its manifest of weights is damaged.") from error
    return graph


def _nodes(listing: list[Any]) -> Iterator[tuple[str, Node]]:
    for node in listing:
        if node["op"] == "Const":
            continue
        lists, values = {}, {}
        for key, value in node.get("attr", {}).items():
            if numbers := value.get("list", {}).get("i"):
                lists[str(key)] = tuple(int(number) for number in numbers)
            number = next((value[kind] for kind in ("f", "i", "b") if kind in value), None)
            if number is not None:
                values[str(key)] = float(number)
        yield str(node["name"]), Node(str(node["op"]), sources(node.get("input", [])), lists, values)


def _bytes(path: Path, names: list[str]) -> bytes:
    """Return the content of a group's shards. Raises UserError: missing, or outside the folder of model.json."""
    folder = path.parent.resolve()
    shards = [(folder / name).resolve() for name in names]
    if outside := [name for name, shard in zip(names, shards, strict=True) if not shard.is_relative_to(folder)]:
        raise UserError(f"{path}: its manifest names files outside its folder, which are not read: {listed(outside)}.")
    if missing := [name for name, shard in zip(names, shards, strict=True) if not shard.is_file()]:
        raise UserError(f"{path}: shards of its weights are missing beside it: {listed(missing)}.")
    return b"".join(shard.read_bytes() for shard in shards)


def _take(constants: dict[str, np.ndarray], path: Path, weights: list[Any], data: bytes) -> int:
    """Add a group's weights to `constants`; return how many of them are quantised."""
    sizes = [prod(entry["shape"]) * np.dtype(_dtype(entry)).itemsize for entry in weights]
    if sum(sizes) != len(data) or any(size < 0 for size in sizes):
        raise UserError(
            f"{path}: its shards hold {len(data):,} bytes where the manifest lists {sum(sizes):,}; fetch them anew."
        )
    at = quantised = 0
    for entry, size in zip(weights, sizes, strict=True):
        values = np.frombuffer(data, _dtype(entry), prod(entry["shape"]), at).reshape(entry["shape"])
        at += size
        constants[str(entry["name"])] = _dequantised(values, entry.get("quantization"))
        quantised += "quantization" in entry
    return quantised


def _dtype(entry: Mapping[str, Any]) -> str:
    return DTYPES[entry.get("quantization", entry)["dtype"]]


def _dequantised(values: np.ndarray, quantization: Mapping[str, Any] | None) -> np.ndarray:
    if quantization is None:
        return values
    if quantization["dtype"] == "float16":
        return values.astype(np.float32)
    scale, minimum = np.float32(quantization["scale"]), np.float32(quantization["min"])
    wide = values.astype(np.float32) * scale + minimum
    return wide.astype(np.int32) if quantization.get("original_dtype") == "int32" else wide
