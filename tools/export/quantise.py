"""Post-training quantisation of a network's graph to 8 bits."""

import logging
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import onnx
from onnx import helper

from tools.export.graph import IR_VERSION, OPSET


def quantised(network: onnx.GraphProto, inputs: Sequence[np.ndarray]) -> onnx.GraphProto:
    """`network`, of one input, with its convolutions in 8 bits; `inputs` are what it is to expect.

    Weights have a scale for each output channel. Squeeze-and-excitation and the last convolutions stay in float32.
    """
    import onnxruntime
    from onnxruntime.quantization import CalibrationMethod, QuantFormat, QuantType, quantize_static

    opset = helper.make_opsetid("", OPSET)
    model = onnx.shape_inference.infer_shapes(helper.make_model(network, opset_imports=[opset], ir_version=IR_VERSION))
    with tempfile.TemporaryDirectory(prefix="mnv3-export-") as folder:
        path = Path(folder, "network.onnx")
        before = logging.root.level
        onnxruntime.set_default_logger_severity(3)  # errors
        logging.root.setLevel(logging.ERROR)
        quantize_static(
            model,
            path,
            _Reader(network.input[0].name, inputs),  # type: ignore[arg-type]
            quant_format=QuantFormat.QDQ,
            op_types_to_quantize=["Conv"],
            nodes_to_exclude=[node.name for node in _kept(network)],
            per_channel=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            calibrate_method=CalibrationMethod.MinMax,
        )
        logging.root.setLevel(before)
        return onnx.load(path).graph


class _Reader:
    """What the calibration of ONNX Runtime reads from."""

    def __init__(self, name: str, inputs: Sequence[np.ndarray]) -> None:
        self.batches: Iterator[dict[str, np.ndarray]] = ({name: value} for value in inputs)

    def get_next(self) -> dict[str, np.ndarray] | None:
        return next(self.batches, None)


def _kept(network: onnx.GraphProto) -> list[onnx.NodeProto]:
    """Convolutions that stay in float32: those that see a single pixel, and those whose results are not convolved."""
    makers = {name: node for node in network.node for name in node.output}
    return [node for node in network.node if node.op_type == "Conv" and _sees_means(node, makers)]


def _sees_means(node: onnx.NodeProto, makers: dict[str, onnx.NodeProto]) -> bool:
    before = makers.get(node.input[0])
    while before is not None and before.op_type in ("Relu", "Conv"):
        if before.op_type == "Conv" and not _sees_means(before, makers):
            return False
        before = makers.get(before.input[0])
    return before is not None and before.op_type == "GlobalAveragePool"
