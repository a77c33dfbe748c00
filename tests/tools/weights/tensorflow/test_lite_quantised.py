"""Dequantised constants of Coral's files are those of TensorFlow Lite's own tensors: stored values, scale, zero."""

from pathlib import Path

import numpy as np
import pytest

from mnv3.tools.weights.tensorflow.lite import read_tflite
from tests.tools.weights.tensorflow.interpreter import interpreter

KERNELS = {"deeplabv3_mnv2_pascal_quant.tflite": 55, "mobilenet_v2_1.0_224_quant.tflite": 53}


@pytest.mark.parametrize("name", KERNELS)
def test_all_kernels(test_data: Path, name: str) -> None:
    path = test_data / "elsewhere" / "coral" / name
    graph = read_tflite(path)
    network = interpreter(path)
    tensors = {detail["index"]: detail for detail in network.get_tensor_details()}
    ours = [kernel for _, _, kernel in graph.convolutions()]
    operators = [op for op in network._get_ops_details() if op["op_name"] in ("CONV_2D", "DEPTHWISE_CONV_2D")]
    assert len(ours) == len(operators) == graph.quantised == KERNELS[name]
    for kernel, operator in zip(ours, operators, strict=True):
        detail = tensors[int(operator["inputs"][1])]
        parameters = detail["quantization_parameters"]
        (scale,), (zero,) = parameters["scales"], parameters["zero_points"]
        stored = network.get_tensor(detail["index"])
        assert stored.dtype == np.uint8
        want = (stored.astype(np.float32) - np.float32(zero)) * scale
        np.testing.assert_array_equal(kernel, want.transpose(1, 2, 3, 0), strict=True)


def test_biases_have_the_scale_of_input_and_kernel(test_data: Path) -> None:
    """int32, whose scale is the product of those of the operator's other inputs."""
    path = test_data / "elsewhere" / "coral" / "mobilenet_v2_1.0_224_quant.tflite"
    graph, network = read_tflite(path), interpreter(path)
    tensors = {detail["index"]: detail for detail in network.get_tensor_details()}
    operators = [op for op in network._get_ops_details() if op["op_name"] in ("CONV_2D", "DEPTHWISE_CONV_2D")]
    for (_, node, _), operator in zip(graph.convolutions(), operators, strict=True):
        image, kernel, bias = (tensors[int(index)] for index in operator["inputs"])
        (a,), (b,) = (entry["quantization_parameters"]["scales"] for entry in (image, kernel))
        want = network.get_tensor(bias["index"]) * (np.float64(a) * b)
        np.testing.assert_allclose(graph.constants[node.inputs[2]], want, rtol=1e-5)


def test_class_names_in_the_metadata(test_data: Path) -> None:
    labels = read_tflite(test_data / "elsewhere" / "coral" / "mobilenet_v2_1.0_224_quant.tflite").labels
    assert len(labels) == 1001 and labels[:2] == ("background", "tench, Tinca tinca")
    assert labels[-1].startswith("toilet tissue")
