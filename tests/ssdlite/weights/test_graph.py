"""What is read of a detector's graph beside its weights, on real graphs and on altered ones."""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from mnv3.ssdlite.model.anchors import grid_anchors, paper_layout
from mnv3.ssdlite.model.presets import PRESETS
from mnv3.ssdlite.weights.graph import Facts, facts
from mnv3.ssdlite.weights.graph_anchors import STORED
from mnv3.ssdlite.weights.load import load_weights
from mnv3.ssdlite.weights.origin import describe
from mnv3.tools.errors import UserError
from mnv3.tools.weights.formats import WeightsFile, open_weights
from mnv3.tools.weights.tensorflow.graph import VALID, Graph, Input, Node
from mnv3.tools.weights.tensorflow.schema import POSTPROCESS
from tests.tools.weights.tensorflow.test_tfjs import quantised

PAPER, PER_CELL = PRESETS["paper"], [3, 6, 6, 6, 6, 6]
STEM = "FeatureExtractor/MobilenetV2/Conv/BatchNorm/batchnorm/mul_1"
DEPTHWISE = "FeatureExtractor/MobilenetV2/expanded_conv/depthwise/depthwise"
RESIZE = "Preprocessor/map/while/ResizeImage/ResizeBilinear"


@pytest.fixture(scope="module")
def whole(test_data: Path) -> WeightsFile:
    return open_weights(test_data / "elsewhere" / "coco_ssd")


@pytest.fixture
def graph(whole: WeightsFile) -> Graph:
    """The authors' of 2018, to be altered."""
    found = whole.graph
    assert found is not None
    return Graph(dict(found.constants), dict(found.nodes), found.input, steps=dict(found.steps))


def read(graph: Graph, slots: int = 91) -> Facts:
    return facts(graph, PAPER, PER_CELL, slots, "x")


def altered(graph: Graph, name: str, **values: Any) -> None:
    node = graph.nodes[name]
    graph.nodes[name] = node._replace(values={**node.values, **values})


def boxes_of(layout: Any, size: tuple[int, int] = (300, 300)) -> np.ndarray:
    """Anchors as a graph stores them."""
    sides = torch.tensor([size[1], size[0]] * 2)
    return (grid_anchors(layout, size, False) / sides)[None, :, [1, 0, 3, 2]].numpy()


def test_the_paper_s_rules_but_for_the_size(graph: Graph) -> None:
    found = read(graph)
    assert found.input_size == (300, 300) and found.rules == {} and found.remarks == []
    assert len(found.assumed) == 1 and "NMS" in found.assumed[0]


def test_thresholds_of_a_frozen_graph(test_data: Path) -> None:
    """A graph of 2020, whose configuration the paper's preset is; then with other numbers in it."""
    frozen = open_weights(test_data / "oracle_tf" / "ssd_v3_small_random_frozen.pb").graph
    assert frozen is not None
    assert read(frozen) == ((320, 320), {}, [], [])
    name = next(name for name in frozen.nodes if name.endswith("non_max_suppression_padded/PartitionedCall"))
    _, _, _, iou, score = frozen.nodes[name].inputs[:5]
    frozen.constants[frozen.constant_name(iou)] = np.array(0.45, np.float32)
    frozen.constants[frozen.constant_name(score)] = np.array(0.25, np.float32)
    assert read(frozen).rules == {"nms_iou": 0.45, "score_threshold": 0.25}


def test_other_regular_anchors_are_taken(whole: WeightsFile, graph: Graph) -> None:
    """Detections then use them."""
    layout = tuple(tuple((height * 1.25, width) for height, width in level) for level in paper_layout())
    graph.constants[STORED] = boxes_of(layout)
    rules = read(graph).rules
    assert set(rules) == {"anchors", "square_anchors"} and not rules["square_anchors"]
    np.testing.assert_allclose(np.concatenate(rules["anchors"]), np.concatenate(layout), atol=1e-5)
    found = describe(whole._replace(graph=graph))
    assert found.rules == rules and found.options["task.input_size"] == [300, 300]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda boxes: boxes[:, :-6], "holds 1911 anchors, but its feature maps at 300 x 300 have 1917"),
        (lambda boxes: boxes_of(paper_layout(), (320, 320)), "holds 2034 anchors, but its feature maps at 300 x 300"),
        (lambda boxes: boxes + 0.01, "not the same at every cell"),
        (lambda boxes: boxes[:, ::-1], "not the same at every cell"),
        (lambda boxes: boxes * np.linspace(1, 1.1, 1917)[:, None], "not the same at every cell"),
        (lambda boxes: boxes[..., [1, 0, 3, 2]], "not the same at every cell"),
    ],
    ids=["fewer", "of 320", "shifted", "reversed", "growing", "x and y swapped"],
)
def test_anchors_that_are_no_grid(graph: Graph, change: Callable[[np.ndarray], np.ndarray], sentence: str) -> None:
    graph.constants[STORED] = change(boxes_of(paper_layout()))
    with pytest.raises(UserError, match=sentence):
        read(graph)


def test_computed_anchors_that_disagree_with_the_predictors(test_data: Path) -> None:
    frozen = open_weights(test_data / "oracle_tf" / "ssd_v3_small_random_frozen.pb").graph
    assert frozen is not None
    with pytest.raises(UserError, match=r"\[3, 6, 6, 6, 6, 6\] anchors a cell, its predictors have \[6, 6"):
        facts(frozen, PAPER, [6] * 6, 91, "x")
    # the order of nodes in a file means nothing
    frozen.nodes = dict(reversed(frozen.nodes.items()))
    assert "anchors" not in read(frozen).rules


def test_softmax(graph: Graph) -> None:
    node = graph.nodes["Postprocessor/convert_scores"]
    graph.nodes["Postprocessor/convert_scores"] = node._replace(op="Softmax")
    assert read(graph).rules == {"class_loss": "hard_negatives"}


@pytest.mark.parametrize(
    ("changes", "rules"),
    [({"half_pixel_centers": True}, {"resize_rule": "half_pixel"}), ({"half_pixel_centers": False}, {})],
)
def test_resizing(graph: Graph, changes: dict[str, bool], rules: dict[str, str]) -> None:
    altered(graph, RESIZE, **changes)
    assert read(graph).rules == rules
    altered(graph, RESIZE, half_pixel_centers=False, align_corners=True)
    with pytest.raises(UserError, match="aligned corners"):
        read(graph)
    graph.nodes[RESIZE] = graph.nodes[RESIZE]._replace(op="ResizeNearestNeighbor")
    with pytest.raises(UserError, match="bilinear interpolation alone"):
        read(graph)


def test_another_range_of_pixels(graph: Graph) -> None:
    graph.constants["Preprocessor/mul/x"] = np.float32(1 / 127).reshape(())
    graph.constants["Preprocessor/sub/y"] = np.full(3, 0.5, np.float32)
    rules = read(graph).rules
    assert rules == {"pixel_scale": pytest.approx(1 / 127), "pixel_offset": 0.5}
    graph.constants["Preprocessor/sub/y"] = np.array([0.5, 0.4, 0.3], np.float32)
    with pytest.raises(UserError, match="normalises each channel"):
        read(graph)
    graph.constants["Preprocessor/sub/y"] = np.array(1, np.float32)
    graph.nodes["Preprocessor/sub"] = Node("Sub", graph.nodes["Preprocessor/sub"].inputs[::-1])
    with pytest.raises(UserError, match="subtracts"):
        read(graph)


def no_slice(graph: Graph) -> None:
    del graph.nodes["Postprocessor/Slice"]


def other_network(graph: Graph) -> None:
    graph.nodes["FeatureExtractor/x"] = Node("Elu", (STEM,))


def other_codes(graph: Graph) -> None:
    graph.constants["ConstantFolding/Postprocessor/Decode/div_2_recip"] = np.array(0.1, np.float32)


REFUSED: dict[str, tuple[Callable[[Graph], Any], str]] = {
    "no background": (no_slice, "no background"),
    "an unknown operation": (other_network, "'Elu'.*FeatureExtractor/x"),
    "other factors of codes": (other_codes, "factor 10 on the codes of boxes"),
    "no padding": (lambda graph: altered(graph, STEM, **{VALID: True}), "no padding"),
    "dilation": (
        lambda graph: graph.nodes.update(
            {DEPTHWISE: graph.nodes[DEPTHWISE]._replace(lists={"dilations": (1, 2, 2, 1)})}
        ),
        "is dilated",
    ),
    "another epsilon": (
        lambda graph: altered(graph, "BoxPredictor_0/ClassPredictor_depthwise/BatchNorm/FusedBatchNorm", epsilon=1e-5),
        "epsilon 1e-05, mnv3's has 0.001",
    ),
    "logits that are divided": (
        lambda graph: (
            graph.constants.update(two=np.array(2, np.float32)),
            graph.nodes.update({"Postprocessor/scale_logits": Node("RealDiv", ("concat_1", "two"))}),
        ),
        "factor 2 on logits",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_graphs_of_other_detectors_are_refused(graph: Graph, name: str) -> None:
    change, sentence = REFUSED[name]
    change(graph)
    with pytest.raises(UserError, match=sentence) as caught:
        read(graph)
    assert str(caught.value).startswith("x: ")


def lite(options: dict[str, float], accuracy: float = 0.0) -> Graph:
    """A graph for TensorFlow Lite's operation, with the paper's anchors at 320."""
    boxes = boxes_of(paper_layout(), (320, 320))[0]
    centres, sides = (boxes[:, :2] + boxes[:, 2:]) / 2, boxes[:, 2:] - boxes[:, :2]
    anchors = np.concatenate([centres, sides], 1)
    if accuracy:
        anchors = (anchors / accuracy).round() * accuracy
    graph = Graph({"anchors": anchors.astype(np.float32)}, input=Input((320, 320)), steps={"anchors": accuracy})
    graph.nodes["found"] = Node(POSTPROCESS, ("boxes", "scores", "anchors"), values=options)
    return graph


OPTIONS = {"num_classes": 90, "max_detections": 50, "nms_iou_threshold": 0.55, "nms_score_threshold": 0.01}


@pytest.mark.parametrize("accuracy", [0, 1.2 / 255])
def test_tensorflow_lite_s_operation(accuracy: float) -> None:
    scales = {"x_scale": 10.0, "y_scale": 10.0, "w_scale": 5.0, "h_scale": 5.0}
    found = read(lite({**OPTIONS, **scales}, accuracy))
    assert found.rules == {"nms_iou": 0.55, "score_threshold": 0.01, "max_detections": 50}
    assert len(found.remarks) == 1 and "one class" in found.remarks[0]
    regular = read(lite({**OPTIONS, "use_regular_nms": 1, "detections_per_class": 30}, accuracy))
    assert regular.remarks == [] and regular.rules == {**found.rules, "max_per_class": 30}


@pytest.mark.parametrize(
    ("options", "sentence"),
    [({"h_scale": 10.0}, r"factor 10 on the codes of boxes \(h_scale\)"), ({"num_classes": 91}, "no background")],
)
def test_other_rules_of_tensorflow_lite_s_operation(options: dict[str, float], sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        read(lite({**OPTIONS, **options}))


@torch.inference_mode()
def test_a_model_quantised_to_eight_bits(test_data: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Its anchors are quantised, too, and are still recognised as the paper's."""
    source = test_data / "elsewhere" / "coco_ssd"
    model, whole = json.loads((source / "model.json").read_text()), open_weights(source).graph
    assert whole is not None
    (group,) = copy.deepcopy(model["weightsManifest"])
    data = b""
    for entry in group["weights"]:
        values = whole.constants[entry["name"]]
        if entry["dtype"] == "float32" and values.size:
            values, entry["quantization"] = quantised(values, "uint8")
        data += values.tobytes()
    model["weightsManifest"] = [{**group, "paths": ["all"]}]
    (tmp_path / "model.json").write_text(json.dumps(model))
    (tmp_path / "all").write_bytes(data)
    with caplog.at_level("INFO", "mnv3"):
        loaded = load_weights(str(tmp_path))
    assert "is quantised: 88 of its kernels" in caplog.text
    preset = loaded.detector.preset
    assert preset.anchors == PAPER.anchors and preset.square_anchors and loaded.detector.input_size == (300, 300)
    assert (preset.pixel_scale, preset.pixel_offset) == (PAPER.pixel_scale, PAPER.pixel_offset)


def test_a_relu_where_mnv3_has_a_relu6(whole: WeightsFile, graph: Graph) -> None:
    name = "FeatureExtractor/MobilenetV2/Conv/Relu6"
    graph.nodes[name] = graph.nodes[name]._replace(op="Relu")
    with pytest.raises(UserError, match=f"its layer '{name}' has a ReLU"):
        describe(whole._replace(graph=graph))
