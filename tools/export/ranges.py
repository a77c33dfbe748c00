"""The value range that the 256 steps of a quantised tensor cover."""

from collections.abc import Callable, Collection, Sequence

import numpy as np
import onnx

from mnv3.tools.export.engines.onnx import Session
from mnv3.tools.text.progress import counted

BINS = 2048
STEPS = 255
HIGH = np.linspace(1, 0.3, 29)  # shares of the largest value to try as the upper end
LOW = np.linspace(1, 0, 21)  # shares of the smallest value to try as the lower end

Range = tuple[float, float]
Squash = Callable[[np.ndarray], np.ndarray]


def best_ranges(
    model: onnx.ModelProto, names: Sequence[str], before_hswish: Collection[str], inputs: Sequence[np.ndarray]
) -> dict[str, Range]:
    """Return for each of the values `names` of `model` the range with the least squared error over the `inputs`.

    Values beyond it are clipped. The error is that after the following activation: for those in `before_hswish`,
    values below -3 are all alike.
    """
    watched = onnx.ModelProto()
    watched.CopyFrom(model)
    del watched.graph.output[:]
    watched.graph.output.extend(onnx.ValueInfoProto(name=name) for name in names)
    session = Session(watched)
    low = np.full(len(names), np.inf)
    high = np.full(len(names), -np.inf)
    for value in counted(inputs, "calibrating, pass 1 of 2", "images"):
        found = session(value)
        low = np.minimum(low, [tensor.min() for tensor in found])
        high = np.maximum(high, [tensor.max() for tensor in found])
    counts = np.zeros((len(names), BINS))
    for value in counted(inputs, "calibrating, pass 2 of 2", "images"):
        for row, tensor in enumerate(session(value)):
            counts[row] += np.histogram(tensor, BINS, (low[row], high[row]))[0]
    return {
        name: best_range((low[row], high[row]), counts[row], _hswish if name in before_hswish else _same)
        for row, name in enumerate(names)
    }


def best_range(extremes: Range, counts: np.ndarray, squash: Squash) -> Range:
    """Return the range with the least squared error of `squash(values)`, for values counted in equal bins between
    `extremes`; it includes 0."""
    low, high = min(extremes[0], 0.0), max(extremes[1], 0.0)
    edges = np.linspace(*extremes, len(counts) + 1)
    used = counts > 0
    values, weights = ((edges[:-1] + edges[1:]) / 2)[used], counts[used]
    truth = squash(values)
    errors = {
        ends: float((weights * (squash(_coded(values, ends)) - truth) ** 2).sum())
        for ends in {(low * share, high * other) for share in LOW for other in HIGH}
    }
    return min(errors, key=lambda ends: errors[ends])


def _coded(values: np.ndarray, ends: Range) -> np.ndarray:
    step = max(ends[1] - ends[0], np.finfo(np.float32).tiny) / STEPS
    zero = np.round(ends[0] / step)
    return (np.round(values / step).clip(zero, zero + STEPS)) * step


def _hswish(values: np.ndarray) -> np.ndarray:
    return values * (values + 3).clip(0, 6) / 6


def _same(values: np.ndarray) -> np.ndarray:
    return values
