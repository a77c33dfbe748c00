"""The formats of `mnv3 export`, one row each; a new one also needs a module beside this one, and a choice in `conf`."""

import importlib
from pathlib import Path
from types import ModuleType
from typing import NamedTuple


class Engine(NamedTuple):
    """A format of exported files, and what runs them.

    `module` has `pack(model, properties) -> bytes`, `unpack(content, path) -> (model, properties)` and
    `Session(model, threads)`, called with images. The optional `converter` has `convert(network, size, more)`, which
    builds the model of the network alone; without one, the task builds an ONNX graph, whole or raw, in 8 bits or not.
    """

    name: str  # value of `format=`
    suffix: str
    extra: str  # of pyproject.toml, with the libraries
    libraries: tuple[str, ...]
    module: str
    converter: str | None = None

    def load(self) -> ModuleType:
        return importlib.import_module(f"{__package__}.{self.module}")

    def load_converter(self) -> ModuleType:
        """Import and return the converter's module; this imports PyTorch."""
        assert self.converter is not None, f"{self.name} is built by the task"
        return importlib.import_module(f"{__package__}.{self.converter}")


ONNX = Engine("onnx", ".onnx", "export", ("onnx", "onnxscript", "onnxruntime"), "onnx")
LITERT = Engine("litert", ".tflite", "litert", ("litert_torch", "ai_edge_litert"), "litert", "litert_convert")

ENGINES = {engine.name: engine for engine in (ONNX, LITERT)}


def engine_of(path: Path) -> Engine:
    """Return the engine for a file's suffix; ONNX for unknown ones."""
    return next((engine for engine in ENGINES.values() if engine.suffix == path.suffix), ONNX)
