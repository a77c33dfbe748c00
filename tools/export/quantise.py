"""Post-training quantisation of a network's graph to 8 bits."""

import logging
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import onnx
from onnx import helper

from mnv3.tools.export.graph import IR_VERSION, OPSET, users_of
from mnv3.tools.export.ranges import best_ranges
from mnv3.tools.files.temporaries import scratch_folder

log = logging.getLogger("mnv3")

FIRST = 4
"""Convolutions that stay in float32 at the start of a network: the stem, the first block, the expansion of the second.
Their few channels differ most in range but share one scale; on CamVid they cause three quarters of the error."""

ACTIVATIONS = ("Relu", "Clip")
"""Ops fused into the convolution before them: only their result is quantised."""


def quantised(network: onnx.GraphProto, inputs: Sequence[np.ndarray]) -> onnx.GraphProto:
    """Return `network`, of one input, with its convolutions in 8 bits, calibrated on `inputs`.
    Weights have a scale per output channel. FIRST convolutions and squeeze-and-excitation stay in float32."""
    import onnxruntime
    from onnxruntime.quantization import QuantFormat, QuantType, quantize_static

    onnxruntime.set_default_logger_severity(3)  # errors
    opset = helper.make_opsetid("", OPSET)
    model = onnx.shape_inference.infer_shapes(helper.make_model(network, opset_imports=[opset], ir_version=IR_VERSION))
    kept = _kept(network)
    coded = [node for node in network.node if node.op_type == "Conv" and node.name not in kept]
    users = users_of(network)
    names = sorted({name for node in coded for name in (node.input[0], *_results(node, users))})
    before_hswish = {name for name in names if any(user.op_type == "HardSwish" for user in users.get(name, []))}
    log.info("Calibrating on %d images ...", len(inputs))
    ranges = best_ranges(model, names, before_hswish, inputs)
    overrides = {
        name: [{"rmin": np.array(low, np.float32), "rmax": np.array(high, np.float32)}]
        for name, (low, high) in ranges.items()
    }
    log.info("Quantising ...")
    before = logging.root.level
    logging.root.setLevel(logging.ERROR)  # it advises preprocessing, which is already done
    try:
        with scratch_folder("export") as folder:
            path = folder / "network.onnx"
            quantize_static(
                model,
                path,
                _Reader(network.input[0].name, inputs[:1]),  # type: ignore[arg-type]  # duck-typed
                quant_format=QuantFormat.QDQ,
                op_types_to_quantize=["Conv"],
                nodes_to_exclude=sorted(kept),
                per_channel=True,
                activation_type=QuantType.QUInt8,
                weight_type=QuantType.QInt8,
                extra_options={"TensorQuantOverrides": overrides},
            )
            return onnx.load(path).graph
    finally:
        logging.root.setLevel(before)


class _Reader:
    """Input of ONNX Runtime's calibration, whose ranges are overridden."""

    def __init__(self, name: str, inputs: Sequence[np.ndarray]) -> None:
        self.batches: Iterator[dict[str, np.ndarray]] = ({name: value} for value in inputs)

    def get_next(self) -> dict[str, np.ndarray] | None:
        return next(self.batches, None)


def _kept(network: onnx.GraphProto) -> set[str]:
    """Return the names of the convolutions that stay in float32."""
    makers = {name: node for node in network.node for name in node.output}
    convolutions = [node for node in network.node if node.op_type == "Conv"]
    of_means = {node.name for node in convolutions if _sees_means(node, makers)}
    return of_means | {node.name for node in [node for node in convolutions if node.name not in of_means][:FIRST]}


def _sees_means(node: onnx.NodeProto, makers: Mapping[str, onnx.NodeProto]) -> bool:
    """Return whether a convolution's input comes from mean pooling, possibly through another such convolution."""
    before = makers.get(node.input[0])
    while before is not None and before.op_type in ("Relu", "Conv"):
        before = makers.get(before.input[0])
    return before is not None and before.op_type in ("GlobalAveragePool", "AveragePool")


def _results(node: onnx.NodeProto, users: Mapping[str, list[onnx.NodeProto]]) -> list[str]:
    """Return the outputs of a convolution and of the activation fused into it."""
    (result,) = node.output
    following = users.get(result, [])
    if len(following) == 1 and following[0].op_type in ACTIVATIONS:
        return [result, following[0].output[0]]
    return [result]
