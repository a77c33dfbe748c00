"""ONNX files, run by OpenVINO."""

from typing import TYPE_CHECKING, Any

import numpy as np

from mnv3.tools.errors import UserError
from mnv3.tools.machine.extras import require

if TYPE_CHECKING:
    import onnx


class Session:
    """As `tools.export.engines.onnx.Session`, with OpenVINO in float32.
    Raises UserError: openvino is not installed, or refuses the model."""

    def __init__(self, model: "onnx.ModelProto", threads: int | None = None) -> None:
        openvino = require("openvino", "openvino")
        # Without the precision, processors that support bfloat16 would use it.
        settings: dict[str, Any] = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": "f32"}
        if threads is not None:
            settings["INFERENCE_NUM_THREADS"] = threads
        core = openvino.Core()
        try:
            read = core.read_model(model.SerializeToString(), b"")
            self.request = core.compile_model(read, "CPU", settings).create_infer_request()
        except RuntimeError as error:
            raise UserError(f"OpenVINO refuses the model: {str(error).splitlines()[0]}") from error

    def __call__(self, value: np.ndarray) -> list[Any]:
        """Return the model's outputs in order."""
        return [np.array(output) for output in self.request.infer({0: value}).values()]
