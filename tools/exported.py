"""Exported files: opened, and run by ONNX Runtime."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from tools.errors import UserError

if TYPE_CHECKING:
    import onnx

    from tools.export.description import Description

EXTRA = "pip install 'mnv3[export]'"


class Exported(NamedTuple):
    """A file of `mnv3 export`."""

    path: Path
    model: "onnx.ModelProto"
    description: "Description"


def read_exported(path: Path | str) -> Exported:
    """Read a file. Raises UserError: it is not there, not ONNX, or not of `mnv3 export`; or onnx is not installed."""
    path = Path(path).expanduser()
    if not path.is_file():
        raise UserError(f"model={path}: there is no such file.")
    onnx = require("onnx")
    from tools.export.description import description_of

    try:
        model = onnx.load(path)
    except Exception as error:  # protobuf has its own kinds
        raise UserError(f"model={path}: not an ONNX file, or a damaged one.") from error
    if not model.graph.node:
        raise UserError(f"model={path}: not an ONNX file, or an empty one.")
    return Exported(path, model, description_of({entry.key: entry.value for entry in model.metadata_props}, path))


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
        return self.session.run(None, {self.input: value})


def stacked(images: Sequence[np.ndarray]) -> np.ndarray:
    """As np.stack, which would copy a single image."""
    return images[0][None] if len(images) == 1 else np.stack(images)


def require(library: str) -> Any:
    """Import a library of the extra `export`. Raises UserError that names the extra."""
    import importlib

    try:
        return importlib.import_module(library)
    except ImportError:
        raise UserError(f"Exported files need {library}, which is not installed: {EXTRA}") from None
