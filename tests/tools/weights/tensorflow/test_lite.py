"""The reader of TensorFlow Lite's files, against the graph that one was made from."""

from pathlib import Path

import numpy as np
import pytest

from mnv3.tools.errors import UserError
from mnv3.tools.weights.formats import open_weights
from mnv3.tools.weights.tensorflow import schema
from mnv3.tools.weights.tensorflow.frozen import read_graph
from mnv3.tools.weights.tensorflow.lite import read_tflite


def test_kernels_and_windows_are_those_of_the_graph(test_data: Path) -> None:
    """Squeeze-and-excitation has no batch norm that would change its kernels."""
    lite = read_tflite(test_data / "lraspp_tf" / "seg_graph_f.tflite")
    graph = read_graph(test_data / "lraspp_tf" / "frozen_inference_graph.pb")
    same = [name for name in graph.constants if "squeeze_excite" in name and name.endswith("/weights")]
    assert len(same) == 18
    for name in same:
        np.testing.assert_array_equal(lite.constants[name], graph.constants[name], strict=True)
    kernels = [name for name in graph.constants if name.endswith("weights")]
    assert all(lite.constants[name].shape == graph.constants[name].shape for name in kernels) and len(kernels) > 50
    assert lite.nodes["AvgPool2D/AvgPool"].lists == graph.nodes["AvgPool2D/AvgPool"].lists
    first = next(node for _, node, kernel in lite.convolutions() if kernel.shape[2] == 3)
    assert first.lists["strides"] == (1, 2, 2, 1)


@pytest.mark.parametrize("rest", [8, 1000, 0.5, 0.98])
def test_truncated_files_are_refused(test_data: Path, tmp_path: Path, rest: float) -> None:
    whole = (test_data / "lraspp_tf" / "seg_graph_f.tflite").read_bytes()
    (tmp_path / "cut.tflite").write_bytes(whole[: int(rest * len(whole)) if rest < 1 else int(rest)])
    with pytest.raises(UserError, match=r"cut\.tflite is not a TensorFlow Lite network"):
        read_tflite(tmp_path / "cut.tflite")


def test_other_files_are_refused(tmp_path: Path) -> None:
    (tmp_path / "x.tflite").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100))
    with pytest.raises(UserError, match=r"x\.tflite is not a TensorFlow Lite network"):
        open_weights(tmp_path / "x.tflite")
    with pytest.raises(UserError, match="is not a file"):
        read_tflite(tmp_path / "none.tflite")


def test_a_network_without_float_kernels_is_refused(test_data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As if all of its tensors were of another type."""
    monkeypatch.setattr(schema, "TYPES", {})
    with pytest.raises(UserError, match="no convolutions"):
        read_tflite(test_data / "lraspp_tf" / "seg_graph_f.tflite")
