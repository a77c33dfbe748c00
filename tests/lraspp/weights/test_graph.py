"""What is read of a segmenter's graph beside its weights, on a real graph and on altered ones."""

from pathlib import Path

import numpy as np
import pytest

from mnv3.lraspp.model.presets import PRESETS
from mnv3.lraspp.weights.graph import facts
from mnv3.tools.errors import UserError
from mnv3.tools.weights.formats import open_weights
from mnv3.tools.weights.tensorflow.graph import VALID, Graph

PAPER = PRESETS["paper"]
ASPP = "aspp0/BatchNorm/FusedBatchNormV3"


@pytest.fixture
def graph(test_data: Path) -> Graph:
    found = open_weights(test_data / "lraspp_tf" / "frozen_inference_graph.pb").graph
    assert found is not None
    return found


def test_the_paper_s_rules(graph: Graph) -> None:
    assert facts(graph, PAPER, "x") == (None, {}, [])


def test_another_range_of_pixels_and_another_rule_of_resizing(graph: Graph) -> None:
    """pixel / 255 instead of -1..1; half-pixel corners."""
    scale = next(name for name in graph.nodes["mul"].inputs if graph.constant(name) is not None)
    offset = next(name for name in graph.nodes["sub_2"].inputs if graph.constant(name) is not None)
    graph.constants[graph.constant_name(scale)] = np.array(1 / 255, np.float32)
    graph.constants[graph.constant_name(offset)] = np.array(0, np.float32)
    for name, node in graph.nodes.items():
        if node.op == "ResizeBilinear":
            graph.nodes[name] = node._replace(values={**node.values, "align_corners": not PAPER.align_corners})
    rules = facts(graph, PAPER, "x").rules
    assert rules["align_corners"] is not PAPER.align_corners
    assert rules["pixel_mean"] == pytest.approx((0, 0, 0)) and rules["pixel_std"] == pytest.approx((1, 1, 1))


def test_other_networks_are_refused(graph: Graph) -> None:
    graph.nodes[ASPP] = graph.nodes[ASPP]._replace(values={"epsilon": 0.001})
    with pytest.raises(UserError, match=r"x: the batch norm of 'aspp0' has epsilon 0\.001"):
        facts(graph, PAPER, "x")
    name = next(name for name, _, kernel in graph.convolutions() if kernel.shape[0] == 3)
    graph.nodes[name] = graph.nodes[name]._replace(values={VALID: True})
    with pytest.raises(UserError, match=r"x: its convolution .* has no padding"):
        facts(graph, PAPER, "x")
    graph.nodes["aspp0/strange"] = graph.nodes[ASPP]._replace(op="LeakyRelu")
    with pytest.raises(UserError, match="x: the operation 'LeakyRelu' in its network"):
        facts(graph, PAPER, "x")
