"""The reader of TensorFlow Lite's files, with files of a few operators that other libraries write and check."""

from pathlib import Path

import numpy as np
import pytest

from mnv3.tools.errors import UserError
from mnv3.tools.weights.formats import open_weights
from mnv3.tools.weights.tensorflow.graph import RELU, VALID
from mnv3.tools.weights.tensorflow.lite import read_tflite
from mnv3.tools.weights.tensorflow.operations import check_limits, check_operations
from mnv3.tools.weights.tensorflow.schema import POSTPROCESS
from tests.tools.weights.tensorflow.interpreter import interpreter
from tests.tools.weights.tensorflow.lite_files import (
    CONV,
    CUSTOM,
    DEPTHWISE,
    DEQUANTIZE,
    Operator,
    Tensor,
    write_tflite,
)

SCALES = (0.5, 0.25, 0.125, 1.0)
SAME, STRIDES = {0: 0, 1: 2, 2: 2}, {0: 1, 1: 1, 2: 1}
STEM = "FeatureExtractor/MobilenetV2/Conv"
IMAGE = Tensor("image", (1, 8, 8, 3), "int8", [1 / 128], [-1])


def integers(*shape: int, kind: str = "int8") -> np.ndarray:
    low, high = (0, 256) if kind == "uint8" else (-127, 128)
    return np.random.default_rng(0).integers(low, high, shape).astype(kind)


def two_layers(**changes: Tensor) -> tuple[list[Tensor], list[Operator]]:
    """A stem of int8 kernels by channel, and a depthwise convolution, as the converter of TensorFlow 2 writes them."""
    bias = np.arange(4, dtype=np.int32) * 100
    tensors = {
        "image": IMAGE,
        "kernel": Tensor(f"{STEM}/Conv2D", integers(4, 3, 3, 3), scales=SCALES, zeros=[0] * 4),
        "bias": Tensor(f"{STEM}/BatchNorm/FusedBatchNormV3", bias, scales=[s / 128 for s in SCALES], zeros=[0] * 4),
        "stem": Tensor(f"{STEM}/Relu6;{STEM}/Conv2D", (1, 4, 4, 4), "int8", [0.02], [-128]),
        "depthwise": Tensor(
            "FeatureExtractor/MobilenetV2/expanded_conv/depthwise/depthwise",
            integers(1, 3, 3, 4),
            scales=SCALES,
            zeros=[0] * 4,
            axis=3,
        ),
        "none": Tensor("none", np.zeros(4, np.int32), scales=[s * 0.02 for s in SCALES], zeros=[0] * 4),
        "end": Tensor("end", (1, 4, 4, 4), "int8", [0.02], [-128]),
        **changes,
    }
    operators = [Operator(CONV, [0, 1, 2], [3], SAME), Operator(DEPTHWISE, [3, 4, 5], [6], {**STRIDES, 0: 0, 3: 1})]
    return list(tensors.values()), operators


def test_int8_by_channel(tmp_path: Path) -> None:
    """TensorFlow Lite's interpreter reads the same stored values and scales from the file."""
    tensors, operators = two_layers()
    write_tflite(tmp_path / "x.tflite", tensors, operators, [0])
    graph = read_tflite(tmp_path / "x.tflite")
    network = interpreter(tmp_path / "x.tflite")
    assert graph.quantised == 2 and graph.input == ((8, 8), 1 / 128, (-1 + 128) / 128)
    for index, name, order in (
        (1, f"{STEM}/weights", (1, 2, 3, 0)),
        (4, "FeatureExtractor/MobilenetV2/expanded_conv/depthwise/depthwise_weights", (1, 2, 3, 0)),
    ):
        (detail,) = (entry for entry in network.get_tensor_details() if entry["index"] == index)
        parameters = detail["quantization_parameters"]
        shape = [1] * 4
        shape[parameters["quantized_dimension"]] = -1
        want = network.get_tensor(index).astype(np.float32) * parameters["scales"].reshape(shape)
        np.testing.assert_array_equal(graph.constants[name], want.transpose(order), strict=True)
    file = open_weights(tmp_path / "x.tflite")
    np.testing.assert_array_equal(file.tensors[f"{STEM}/biases"], np.arange(4) * 100 * np.array(SCALES) / 128)
    assert "2 of its kernels are integers" in file.quantised and file.pixels() == (1 / 128, 127 / 128)
    assert graph.nodes[f"{STEM}/Relu6"].lists == {"strides": (1, 2, 2, 1), "dilations": (1, 1, 1, 1)}


def test_convolutions_without_padding_are_refused(tmp_path: Path) -> None:
    tensors, (stem, depthwise) = two_layers(stem=Tensor(f"{STEM}/Relu6", (1, 3, 3, 4), "int8", [0.02], [-128]))
    write_tflite(tmp_path / "x.tflite", tensors, [stem._replace(options={**SAME, 0: 1}), depthwise], [0])
    graph = read_tflite(tmp_path / "x.tflite")
    assert graph.nodes[f"{STEM}/Relu6"].values[VALID]
    with pytest.raises(UserError, match="no padding"):
        check_operations(graph, "x")


def test_float16_behind_an_operator_that_widens_it(tmp_path: Path) -> None:
    kernel = np.random.default_rng(0).normal(size=(4, 3, 3, 3)).astype(np.float16)
    tensors = [
        Tensor("image", (1, 8, 8, 3)),
        Tensor(f"{STEM}/Conv2D", kernel),
        Tensor(f"{STEM}/Conv2D1", kernel.shape),
        Tensor("none", np.zeros(4, np.float32)),
        Tensor(f"{STEM}/Relu6", (1, 4, 4, 4)),
    ]
    write_tflite(
        tmp_path / "x.tflite", tensors, [Operator(DEQUANTIZE, [1], [2]), Operator(CONV, [0, 2, 3], [4], SAME)], [0]
    )
    file = open_weights(tmp_path / "x.tflite")
    want = kernel.astype(np.float32).transpose(1, 2, 3, 0)
    np.testing.assert_array_equal(file.tensors[f"{STEM}/weights"], want, strict=True)
    assert file.quantised == "" and file.pixels() is None and file.graph and file.graph.input.size == (8, 8)


@pytest.mark.parametrize("kind", ["float32", "uint8"])
def test_options_and_anchors_of_the_detection_operation(tmp_path: Path, kind: str) -> None:
    tensors, operators = two_layers()
    anchors = integers(7, 4, kind="uint8") if kind == "uint8" else np.random.default_rng(0).random((7, 4), np.float32)
    quantised = {"scales": [0.01], "zeros": [3]} if kind == "uint8" else {}
    tensors += [Tensor("anchors", anchors, **quantised), Tensor("boxes", (1, 7, 4)), Tensor("scores", (1, 7, 91))]
    options = {
        "max_detections": 200,
        "nms_iou_threshold": 0.55,
        "nms_score_threshold": 1e-8,
        "use_regular_nms": True,
        "num_classes": 90,
        "y_scale": 10.0,
        "a name of some length that has no number": "text",
    }
    operators.append(Operator(CUSTOM, [8, 9, 7], [6], options, POSTPROCESS))
    tensors.append(Tensor("found", (1, 200, 4)))
    operators[-1] = operators[-1]._replace(outputs=[10])
    write_tflite(tmp_path / "x.tflite", tensors, operators, [0])
    graph = read_tflite(tmp_path / "x.tflite")
    (node,) = (node for node in graph.nodes.values() if node.op == POSTPROCESS)
    assert {key: pytest.approx(value) for key, value in node.values.items()} == {
        key: value for key, value in options.items() if value != "text"
    }
    want = (anchors.astype(np.float32) - 3) * np.float32(0.01) if kind == "uint8" else anchors
    np.testing.assert_array_equal(graph.constant(node.inputs[2]), want)
    assert graph.steps["anchors"] == pytest.approx(0.01 if kind == "uint8" else 0)


@pytest.mark.parametrize(
    ("scales", "sentence"),
    [
        ((), "is quantised, but has no scale"),
        ((0.5, 0.25), "has 2 scales, which do not fit its shape"),
        ((float("nan"),) * 4, "scales, which do not fit"),
    ],
)
def test_kernels_without_their_scales_are_refused(tmp_path: Path, scales: tuple[float, ...], sentence: str) -> None:
    kernel = Tensor(f"{STEM}/Conv2D", integers(4, 3, 3, 3), scales=scales, zeros=[0] * len(scales))
    tensors, operators = two_layers(kernel=kernel)
    write_tflite(tmp_path / "x.tflite", tensors, operators, [0])
    with pytest.raises(UserError, match=sentence) as caught:
        open_weights(tmp_path / "x.tflite")
    assert str(tmp_path / "x.tflite") in str(caught.value) and f"{STEM}/weights" in str(caught.value)


def test_fused_activations(tmp_path: Path) -> None:
    """1 is RELU, 3 is RELU6."""
    tensors, (stem, depthwise) = two_layers()
    for code in (3, 1):
        write_tflite(tmp_path / "x.tflite", tensors, [stem._replace(options={**SAME, 3: code}), depthwise], [0])
        graph = read_tflite(tmp_path / "x.tflite")
        assert graph.nodes[f"{STEM}/Relu6"].values == ({RELU: True} if code == 1 else {})
        if code == 3:
            check_limits(graph, "FeatureExtractor/", "x")
    with pytest.raises(UserError, match=f"its layer '{STEM}/Relu6' has a ReLU"):
        check_limits(graph, "FeatureExtractor/", "x")


def test_v1_whose_operations_double_the_scope(tmp_path: Path) -> None:
    """Slim's variables of V1 are in MobilenetV1/, its operations in MobilenetV1/MobilenetV1/."""
    tensors, operators = two_layers()
    named = [
        tensor._replace(name=tensor.name.replace("MobilenetV2/", "MobilenetV1/MobilenetV1/")) for tensor in tensors
    ]
    write_tflite(tmp_path / "x.tflite", named, operators, [0])
    kernels = [name for name in open_weights(tmp_path / "x.tflite").tensors if name.endswith("weights")]
    assert kernels and all("MobilenetV1/" in name and "MobilenetV1/MobilenetV1/" not in name for name in kernels)
