"""LiteRT (TFLite) files, run by the LiteRT runtime."""

import io
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from mnv3.tools.errors import UserError
from mnv3.tools.machine.extras import require
from mnv3.tools.weights.seal import seal_zip

ENTRY = "mnv3.json"
"""The properties, in an archive after the model, where TFLite keeps its own metadata."""

LARGEST = 10_000_000
"""Most bytes of a description."""


def pack(model: bytes, properties: Mapping[str, str], words: str) -> bytes:
    """Return the file's content: the model with its properties and a description in `words`, and a hash."""
    whole = io.BytesIO(model)
    with zipfile.ZipFile(whole, "a") as archive:
        archive.writestr(ENTRY, json.dumps({"description": words, **properties}))
    seal_zip(whole)
    return whole.getvalue()


def unpack(content: bytes, path: Path) -> tuple[bytes, dict[str, str]]:
    """Return the model, which is the whole file, and its properties. Raises UserError if there are none."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if archive.getinfo(ENTRY).file_size > LARGEST:
                raise ValueError("the description is too large")
            found = json.loads(archive.read(ENTRY))
            if not all(isinstance(value, str) for value in found.values()):
                raise ValueError("the description is malformed")
            return content, found
    except Exception:  # foreign bytes fail in arbitrary ways
        raise UserError(
            f"model={path}: damaged, or not written by `mnv3 export`: its inputs and outputs are not described."
        ) from None


class Session:
    """As `tools.export.engines.onnx.Session`, one image at a time.
    Raises UserError: ai-edge-litert is not installed, or refuses the model."""

    def __init__(self, content: bytes, threads: int | None = None) -> None:
        Interpreter = require("ai_edge_litert.interpreter", "litert").Interpreter
        try:
            interpreter = Interpreter(model_content=content, num_threads=threads)
            interpreter.allocate_tensors()
        except (ValueError, RuntimeError) as error:
            raise UserError(f"LiteRT refuses the model: {str(error).splitlines()[0]}") from error
        self.runner = interpreter.get_signature_runner()
        (self.input,) = self.runner.get_input_details()

    def __call__(self, value: np.ndarray) -> list[Any]:
        """Return the model's outputs, in order, for images [N, 3, h, w] float32; constant outputs only once."""
        found = [self.runner(**{self.input: image[None]}) for image in value.transpose(0, 2, 3, 1)]
        names = sorted(found[0])
        joined = [np.concatenate([outputs[name] for outputs in found]) for name in names]
        return [all_ if all_.ndim > 2 else found[0][name] for name, all_ in zip(names, joined, strict=True)]
