"""The reader of TensorFlow's checkpoints, against one that TensorFlow wrote, and against written ones."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from mnv3.tools.errors import UserError
from mnv3.tools.weights.tensorflow.checkpoint import read_variables
from tests.tools.weights.tensorflow.files import table, write_checkpoint

VARIABLES = {f"scope_{i % 3}/weights_{i}": np.full((2, i + 1), i, np.float32) for i in range(20)}


def test_variables_are_those_that_tensorflow_saved(test_data: Path) -> None:
    read = read_variables(test_data / "oracle_tf" / "ssd_v3_small_random_ckpt" / "model.ckpt")
    want = np.load(test_data / "oracle_tf" / "ssd_v3_small_vars.npz")
    assert set(read) == {*want.files, "global_step"}
    for name in want.files:
        np.testing.assert_array_equal(read[name], want[name], strict=True)


def test_several_blocks_and_scalars(tmp_path: Path) -> None:
    write_checkpoint(tmp_path / "model.ckpt-7", {**VARIABLES, "global_step": np.array(7)})
    read = read_variables(tmp_path / "model.ckpt-7")
    assert read["global_step"] == 7 and len(read) == 21
    for name, values in VARIABLES.items():
        np.testing.assert_array_equal(read[name], values, strict=True)


def test_moving_averages_count(tmp_path: Path) -> None:
    average = {"scope_1/weights_1/ExponentialMovingAverage": np.full((2, 2), 9, np.float32)}
    write_checkpoint(tmp_path / "model", {**VARIABLES, **average})
    read = read_variables(tmp_path / "model")
    assert (
        set(read) == set(VARIABLES)
        and (read["scope_1/weights_1"] == 9).all()
        and (read["scope_2/weights_2"] == 2).all()
    )


@pytest.mark.parametrize("part", ["index", "data-00000-of-00001"])
@pytest.mark.parametrize("rest", [0.0, 0.3, 0.99])
def test_truncated_files_are_refused(test_data: Path, tmp_path: Path, part: str, rest: float) -> None:
    shutil.copytree(test_data / "oracle_tf" / "ssd_v3_small_random_ckpt", tmp_path / "cut")
    file = tmp_path / "cut" / f"model.ckpt.{part}"
    content = file.read_bytes()
    file.chmod(0o600)
    file.write_bytes(content[: int(len(content) * rest)])
    with pytest.raises(UserError, match="was cut off"):
        read_variables(tmp_path / "cut" / "model.ckpt")


def test_what_is_no_checkpoint_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"there is no model\.ckpt\.index"):
        read_variables(tmp_path / "model.ckpt")
    write_checkpoint(tmp_path / "model.ckpt", VARIABLES)
    (tmp_path / "model.ckpt.data-00000-of-00001").unlink()
    with pytest.raises(UserError, match="data-00000-of-00001 is missing"):
        read_variables(tmp_path / "model.ckpt")
    for content in (bytes(100), table({b"": b"\x08\x01", b"x": b"\xff"}), table({b"x": b""})):
        (tmp_path / "model.ckpt.index").write_bytes(content)
        with pytest.raises(UserError, match="not the index of a TensorFlow checkpoint"):
            read_variables(tmp_path / "model.ckpt")
