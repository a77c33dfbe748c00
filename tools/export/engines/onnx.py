"""ONNX files, run by ONNX Runtime."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mnv3.tools.errors import UserError
from mnv3.tools.machine.extras import require
from mnv3.tools.weights.seal import sealed_onnx

if TYPE_CHECKING:
    import onnx


def pack(model: "onnx.ModelProto", properties: Mapping[str, str], words: str) -> bytes:
    """Return the file's content: the model with its properties and a description in `words`, and a hash."""
    from onnx.helper import set_model_props

    model.doc_string = words
    set_model_props(model, dict(properties))
    return sealed_onnx(model.SerializeToString())


def unpack(content: bytes, path: Path) -> tuple["onnx.ModelProto", dict[str, str]]:
    """Return the model and its properties. Raises UserError: not an ONNX file, or one split into several files."""
    try:
        model = require("onnx", "export").load_model_from_string(content)
    except UserError:
        raise
    except Exception as error:  # protobuf raises its own types
        raise UserError(f"model={path}: not an ONNX file, or a damaged one.") from error
    if not model.graph.node:
        raise UserError(f"model={path}: not an ONNX file, or an empty one.")
    if any(tensor.data_location == tensor.EXTERNAL for tensor in _tensors(model)):
        raise UserError(f"model={path}: its weights lie in other files; `mnv3 export` writes a single file.")
    pairs = [(entry.key, entry.value) for entry in model.metadata_props]  # bytes if not valid text
    return model, {key: value for key, value in pairs if isinstance(key, str) and isinstance(value, str)}


def _tensors(model: "onnx.ModelProto") -> Iterator["onnx.TensorProto"]:
    """Yield every constant of a model, including those of graphs inside its nodes."""
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


class Session:
    """A model in ONNX Runtime on the CPU with `threads` threads; None for one per core.
    Raises UserError: onnxruntime is not installed, or refuses the model."""

    def __init__(self, model: "onnx.ModelProto", threads: int | None = None) -> None:
        runtime = require("onnxruntime", "export")
        options = runtime.SessionOptions()
        options.intra_op_num_threads = threads or 0
        options.log_severity_level = 3  # errors
        try:
            self.session = runtime.InferenceSession(
                model.SerializeToString(), options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # one type per status
            raise UserError(f"ONNX Runtime refuses the model: {str(error).splitlines()[0]}") from error
        self.input = self.session.get_inputs()[0].name

    def __call__(self, value: np.ndarray) -> list[Any]:
        """Return the model's outputs in order."""
        try:
            return self.session.run(None, {self.input: value})
        except Exception as error:  # one type per status
            raise UserError(f"ONNX Runtime cannot run the model: {str(error).splitlines()[0]}") from error
