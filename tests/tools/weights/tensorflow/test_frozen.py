"""The reader of frozen graphs, against the variables that TensorFlow saved beside one."""

from pathlib import Path

import numpy as np
import pytest

from mnv3.tools.errors import UserError
from mnv3.tools.weights.tensorflow.frozen import read_graph


def test_constants_are_the_variables(test_data: Path) -> None:
    constants = read_graph(test_data / "oracle_tf" / "ssd_v3_small_random_frozen.pb").constants
    variables = np.load(test_data / "oracle_tf" / "ssd_v3_small_vars.npz")
    shared = [name for name in variables if name in constants]
    assert len(shared) > 0.9 * len(variables.files)
    for name in shared:
        np.testing.assert_array_equal(constants[name], variables[name])


def node(op: bytes, tensor: bytes) -> bytes:
    """A GraphDef of one node, named "c"."""
    value = message(8, tensor)
    body = message(1, b"c") + message(2, op) + message(5, message(1, b"value") + message(2, value))
    return message(1, body)


def message(number: int, content: bytes) -> bytes:
    assert len(content) < 128
    return bytes([number << 3 | 2, len(content)]) + content


SHAPE_2_2 = message(2, message(2, b"\x08\x02") * 2)
FLOAT = b"\x08\x01"
INT = b"\x08\x03"


@pytest.mark.parametrize(
    "tensor, want",
    [
        (FLOAT + SHAPE_2_2 + message(4, np.arange(4, dtype="<f4").tobytes()), [[0, 1], [2, 3]]),
        (FLOAT + SHAPE_2_2 + message(5, np.arange(4, dtype="<f4").tobytes()), [[0, 1], [2, 3]]),
        (FLOAT + SHAPE_2_2 + message(5, np.float32(7).tobytes()), [[7, 7], [7, 7]]),
        (FLOAT + SHAPE_2_2 + b"\x2d" + np.float32(7).tobytes(), [[7, 7], [7, 7]]),
        (FLOAT + message(2, b"") + message(5, np.float32(7).tobytes()), 7),
    ],
    ids=["content", "values", "one value", "one value unpacked", "scalar"],
)
def test_layouts_of_values(tmp_path: Path, tensor: bytes, want: object) -> None:
    path = tmp_path / "graph.pb"
    path.write_bytes(node(b"Const", tensor))
    np.testing.assert_array_equal(read_graph(path).constants["c"], np.array(want, np.float32))


@pytest.mark.parametrize("content", [b"\x89PNG\r\n\x1a\n", b"PK\x03\x04" * 9, node(b"Const", FLOAT + SHAPE_2_2)[:-3]])
def test_what_is_no_graph_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "graph.pb"
    path.write_bytes(content)
    with pytest.raises(UserError, match="not a frozen TensorFlow graph"):
        read_graph(path)


@pytest.mark.parametrize("content", [b"", node(b"Add", FLOAT), node(b"Const", INT + SHAPE_2_2)])
def test_graphs_without_constants_are_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "graph.pb"
    path.write_bytes(content)
    with pytest.raises(UserError, match="freeze the graph"):
        read_graph(path)


def test_missing_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="not a file"):
        read_graph(tmp_path / "none.pb")
