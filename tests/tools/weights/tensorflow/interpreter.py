"""TensorFlow Lite's interpreter, without delegates, so that constants and results are its reference kernels'."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest


def interpreter(path: Path) -> Any:
    litert = pytest.importorskip("ai_edge_litert.interpreter")
    resolver = litert.OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
    found = litert.Interpreter(str(path), experimental_op_resolver_type=resolver)
    found.allocate_tensors()
    return found


def run_litert(path: Path, images: np.ndarray) -> np.ndarray:
    """The first output for `images` in the type of the input."""
    network = interpreter(path)
    network.set_tensor(network.get_input_details()[0]["index"], images)
    network.invoke()
    return network.get_tensor(network.get_output_details()[0]["index"])
