"""LiteRT (TFLite) files of `mnv3 export`: read, and run by the LiteRT runtime."""

import io
import json
import zipfile
from typing import Any

import numpy as np

from mnv3.tools.errors import UserError

ENTRY = "mnv3.json"
"""The description, in an archive behind the model."""

LARGEST = 10_000_000
"""Bytes of a description."""


def properties_of(content: bytes, path: object) -> dict[str, str]:
    """The description's entries. Raises UserError: there is none."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if archive.getinfo(ENTRY).file_size > LARGEST:
                raise ValueError("a description larger than any")
            found = json.loads(archive.read(ENTRY))
            if not all(isinstance(value, str) for value in found.values()):
                raise ValueError("a description of another kind")
            return found
    except Exception:  # on foreign bytes it fails in any way there is
        raise UserError(
            f"model={path}: not a file of `mnv3 export`, or a damaged one: it does not say what its inputs and outputs "
            "mean."
        ) from None


class LitertSession:
    """As `tools.export.file.Session`, for one image after the other.

    Raises UserError: ai-edge-litert is not installed, or refuses the model.
    """

    def __init__(self, content: bytes, threads: int | None = None) -> None:
        try:
            from ai_edge_litert.interpreter import Interpreter
        except ImportError:
            raise UserError(
                "LiteRT files need ai-edge-litert, which is not installed: pip install 'mnv3[litert]'"
            ) from None
        try:
            interpreter = Interpreter(model_content=content, num_threads=threads)
            interpreter.allocate_tensors()
        except (ValueError, RuntimeError) as error:
            raise UserError(f"LiteRT refuses the model: {str(error).splitlines()[0]}") from error
        self.runner = interpreter.get_signature_runner()
        (self.input,) = self.runner.get_input_details()

    def __call__(self, value: np.ndarray) -> list[Any]:
        """The model's outputs in their order, of images [N, 3, h, w] float32; what does not depend on them once."""
        found = [self.runner(**{self.input: image[None]}) for image in value.transpose(0, 2, 3, 1)]
        names = sorted(found[0])
        joined = [np.concatenate([outputs[name] for outputs in found]) for name in names]
        return [all_ if all_.ndim > 2 else found[0][name] for name, all_ in zip(names, joined, strict=True)]
