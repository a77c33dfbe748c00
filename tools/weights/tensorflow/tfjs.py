"""Reads TensorFlow.js graph models without TensorFlow: `model.json` and its shards of weights.

`model.json` holds a GraphDef as JSON, and a manifest: groups of weights, each with the files that hold their bytes one
after the other. Quantised weights are stored as uint8 or uint16 with scale and minimum, or as float16.
"""

import json
from collections.abc import Iterator, Mapping
from math import isfinite, prod
from pathlib import Path
from typing import Any

import numpy as np

from mnv3.tools.errors import UserError
from mnv3.tools.text.plain import listed
from mnv3.tools.weights.tensorflow.frozen import sources
from mnv3.tools.weights.tensorflow.graph import VALID, Graph, Node

MODEL = "model.json"
DTYPES = {"float32": "<f4", "int32": "<i4", "bool": "?", "uint8": "u1", "uint16": "<u2", "float16": "<f2"}
KERNEL_AXES = 4
NO_PADDING = ("VkFMSUQ=", [*b"VALID"])
"""The two ways in which the format writes the bytes "VALID": in base 64, and as numbers."""

LARGEST_TOPOLOGY = 16 * 2**20
"""Most bytes of model.json: that of a detector takes half a megabyte."""

MOST_SHARDS = 10_000
"""Of 4 MiB each, as the converter writes them."""


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
            sizes = [prod(entry["shape"]) * np.dtype(_dtype(entry)).itemsize for entry in group["weights"]]
            if any(size < 0 for size in sizes):
                raise ValueError("a negative size")
            _take(graph, group["weights"], sizes, _bytes(path, [str(name) for name in group["paths"]], sum(sizes)))
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
            if key == "padding" and value.get("s") in NO_PADDING:
                values[VALID] = True
        yield str(node["name"]), Node(str(node["op"]), sources(node.get("input", [])), lists, values)


def _bytes(path: Path, names: list[str], size: int) -> bytes:
    """Return the content of a group's shards, `size` bytes. Raises UserError: missing, outside the folder of
    model.json, or of another length."""
    if len(names) > MOST_SHARDS:
        raise ValueError("more shards than any model has")
    folder = path.parent.resolve()
    shards = [(folder / name).resolve() for name in names]
    if outside := [name for name, shard in zip(names, shards, strict=True) if not shard.is_relative_to(folder)]:
        raise UserError(f"{path}: its manifest names files outside its folder, which are not read: {listed(outside)}.")
    if missing := [name for name, shard in zip(names, shards, strict=True) if not shard.is_file()]:
        raise UserError(f"{path}: shards of its weights are missing beside it: {listed(missing)}.")
    if (length := sum(shard.stat().st_size for shard in shards)) != size:
        raise UserError(f"{path}: its shards hold {length:,} bytes where the manifest lists {size:,}; fetch them anew.")
    return b"".join(shard.read_bytes() for shard in shards)


def _take(graph: Graph, weights: list[Any], sizes: list[int], data: bytes) -> None:
    """Add a group's weights, whose bytes follow each other in `data`."""
    at = 0
    for entry, size in zip(weights, sizes, strict=True):
        name, quantization = str(entry["name"]), entry.get("quantization")
        if name in graph.constants:
            raise ValueError("two weights of one name")
        values = np.frombuffer(data, _dtype(entry), prod(entry["shape"]), at).reshape(entry["shape"])
        at += size
        graph.constants[name] = _dequantised(values, quantization)
        if quantization is not None and values.dtype.kind == "u":
            graph.quantised += values.ndim == KERNEL_AXES
            graph.steps[name] = abs(float(quantization["scale"]))


def _dtype(entry: Mapping[str, Any]) -> str:
    return DTYPES[entry.get("quantization", entry)["dtype"]]


def _dequantised(values: np.ndarray, quantization: Mapping[str, Any] | None) -> np.ndarray:
    if quantization is None:
        return values
    if quantization["dtype"] == "float16":
        return values.astype(np.float32)
    scale, minimum = float(quantization["scale"]), float(quantization["min"])
    if values.dtype.kind != "u" or not isfinite(scale) or not isfinite(minimum):
        raise ValueError("no scheme of TensorFlow.js")
    wide = values * scale + minimum
    return wide.round().astype(np.int32) if quantization.get("original_dtype") == "int32" else wide.astype(np.float32)
