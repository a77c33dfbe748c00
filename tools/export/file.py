"""Exported files: opened, and run by ONNX Runtime or, of LiteRT's format, by its own runtime."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from mnv3.tools.errors import UserError
from mnv3.tools.export.engines.litert_session import LitertSession, properties_of
from mnv3.tools.weights.seal import DamagedError, check_seal

if TYPE_CHECKING:
    import onnx

    from mnv3.tools.export.description import Description

LITERT = ".tflite"
"""Suffix of LiteRT's files."""


class Exported(NamedTuple):
    """A file of `mnv3 export`; of LiteRT's format `model` is its content."""

    path: Path
    model: "onnx.ModelProto | bytes"
    description: "Description"


def read_exported(path: Path | str) -> Exported:
    """Read a file, whose suffix tells the format. Raises UserError: it is not there, of another format, or not of `mnv3
    export`; or onnx is not installed."""
    path = Path(path).expanduser()
    if not path.is_file():
        raise UserError(f"model={path}: there is no such file.")
    from mnv3.tools.export.description import description_of

    content = path.read_bytes()
    try:
        check_seal(content)
    except DamagedError as error:
        raise UserError(f"model={path}: is damaged: {error}. Nothing of it is used; export it again.") from error
    if path.suffix == LITERT:
        return Exported(path, content, description_of(properties_of(content, path), path))
    onnx = require("onnx")
    try:
        model = onnx.load_model_from_string(content)
    except Exception as error:  # protobuf has its own kinds
        raise UserError(f"model={path}: not an ONNX file, or a damaged one.") from error
    if not model.graph.node:
        raise UserError(f"model={path}: not an ONNX file, or an empty one.")
    if any(tensor.data_location == tensor.EXTERNAL for tensor in _tensors(model)):
        raise UserError(f"model={path}: its weights lie in other files; `mnv3 export` writes one file that has all.")
    pairs = [(entry.key, entry.value) for entry in model.metadata_props]  # bytes where they are no text
    properties = {key: value for key, value in pairs if isinstance(key, str) and isinstance(value, str)}
    return Exported(path, model, description_of(properties, path))


def _tensors(model: "onnx.ModelProto") -> Iterator["onnx.TensorProto"]:
    """Every constant of a model, those of the graphs inside its nodes too."""
    graphs = [model.graph]
    nodes = [node for function in model.functions for node in function.node]
    while graphs or nodes:
        if graphs:
            graph = graphs.pop()
            yield from graph.initializer
            yield from (part for sparse in graph.sparse_initializer for part in (sparse.values, sparse.indices))
            nodes += graph.node
            continue
        for attribute in nodes.pop().attribute:
            yield from (attribute.t, *attribute.tensors)
            graphs += [attribute.g, *attribute.graphs] if attribute.g.node or attribute.graphs else []


def start(exported: Exported, threads: int | None = None) -> "Session | LitertSession":
    """A file in its runtime. Raises UserError: that is not installed, or refuses the model."""
    if isinstance(exported.model, bytes):
        return LitertSession(exported.model, threads)
    return Session(exported.model, threads)


class Session:
    """A model in ONNX Runtime on the CPU, with `threads` threads, None for one a core.

    Raises UserError: onnxruntime is not installed, or refuses the model.
    """

    def __init__(self, model: "onnx.ModelProto", threads: int | None = None) -> None:
        runtime = require("onnxruntime")
        options = runtime.SessionOptions()
        options.intra_op_num_threads = threads or 0
        options.log_severity_level = 3  # errors
        try:
            self.session = runtime.InferenceSession(
                model.SerializeToString(), options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # its own kinds, one a status
            raise UserError(f"ONNX Runtime refuses the model: {str(error).splitlines()[0]}") from error
        self.input = self.session.get_inputs()[0].name

    def __call__(self, value: np.ndarray) -> list[Any]:
        """The model's outputs in their order."""
        try:
            return self.session.run(None, {self.input: value})
        except Exception as error:  # its own kinds, one a status
            raise UserError(f"ONNX Runtime cannot run the model: {str(error).splitlines()[0]}") from error


def stacked(images: Sequence[np.ndarray]) -> np.ndarray:
    """As np.stack, which would copy a single image."""
    return images[0][None] if len(images) == 1 else np.stack(images)


def require(library: str, extra: str = "export") -> Any:
    """Import a library of an extra. Raises UserError that names the extra."""
    import importlib

    try:
        return importlib.import_module(library)
    except ImportError:
        raise UserError(f"This needs {library}, which is not installed: pip install 'mnv3[{extra}]'") from None
