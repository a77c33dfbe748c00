"""Quantisation: which ranges, which convolutions, how close."""

import numpy as np
import onnx
import pytest
import torch
from torch import nn

from mnv3.tools.export.engines.onnx import Session
from mnv3.tools.export.graph import IR_VERSION, OPSET
from mnv3.tools.export.network import network_graph
from mnv3.tools.export.quantise import FIRST, quantised
from mnv3.tools.export.ranges import _hswish, _same, best_range


class Gated(nn.Module):
    """Convolutions with every activation, and a gate that sees means."""

    def __init__(self) -> None:
        super().__init__()
        self.start = nn.Sequential(*(layer for _ in range(FIRST) for layer in (_conv(8), nn.Hardswish())))
        self.gate = nn.Sequential(nn.Conv2d(8, 4, 1), nn.ReLU(), nn.Conv2d(4, 8, 1), nn.Hardsigmoid())
        self.end = nn.Sequential(_conv(8), nn.ReLU6(), _conv(8), nn.Hardswish(), _conv(8))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.start(x)
        means = x.sum((2, 3), keepdim=True) / (x.shape[2] * x.shape[3])
        return self.end(x * self.gate(means))


def _conv(channels: int) -> nn.Conv2d:
    return nn.Conv2d(channels, channels, 3, padding=1)


@pytest.fixture(scope="module")
def graph() -> onnx.GraphProto:
    torch.manual_seed(0)
    return network_graph(Gated().eval(), torch.zeros(2, 8, 12, 16), ["x"], ["y"], {0: "batch"})


def run(graph: onnx.GraphProto, x: np.ndarray) -> np.ndarray:
    opset = onnx.helper.make_opsetid("", OPSET)
    return Session(onnx.helper.make_model(graph, opset_imports=[opset], ir_version=IR_VERSION), 1)(x)[0]


def test_convolutions_behind_the_first_are_in_eight_bits_and_gates_are_not(graph: onnx.GraphProto) -> None:
    inputs = [np.random.default_rng(seed).normal(0, 2, (1, 8, 12, 16)).astype(np.float32) for seed in range(8)]
    small = quantised(graph, inputs)
    weights = {node.input[1] for node in small.node if node.op_type == "Conv"}
    floats = {name for name in weights if name in {tensor.name for tensor in small.initializer}}
    assert len(weights) == FIRST + 2 + 3 and len(weights - floats) == 3
    assert {name.split(".")[0] for name in floats} == {"start", "gate"}
    ours, theirs = run(graph, inputs[0]), run(small, inputs[0])
    assert 0 < np.square(theirs - ours).mean() < 1e-3 * ours.var()


def test_a_range_leaves_out_what_is_rare_and_far() -> None:
    counts = np.histogram(np.random.default_rng(0).normal(0, 1, 100_000), 2048, (-5, 20))[0] * 100
    counts[-1] = 1
    low, high = best_range((-5, 20), counts, _same)
    assert -5 <= low < -3 and 4 < high < 12
    even = np.full(2048, 10)
    assert best_range((-2, 6), even, _same) == (-2, 6)


def test_before_hswish_what_is_below_minus_three_is_one() -> None:
    counts = np.full(2048, 10)
    low, high = best_range((-30, 6), counts, _hswish)
    assert -6 < low <= -2.5 and high == 6


def test_a_value_that_never_changes() -> None:
    assert best_range((0.0, 0.0), np.array([5] + [0] * 2047), _same) == (0, 0)
