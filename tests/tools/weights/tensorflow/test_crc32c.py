"""The checksum of TensorFlow's files, against its definition, and what it finds."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from mnv3.tools.errors import UserError
from mnv3.tools.weights.tensorflow.checkpoint import read_variables
from mnv3.tools.weights.tensorflow.crc32c import crc32c, masked
from tests.mutations import flipped, generator
from tests.tools.weights.tensorflow.files import checksum, write_checkpoint


def test_the_published_value() -> None:
    """Of RFC 3720, B.4."""
    assert crc32c(b"123456789") == 0xE3069283
    assert crc32c(bytes(32)) == 0x8A9136AA
    assert crc32c(b"") == 0


@pytest.mark.parametrize("size", [1, 2, 3, 5, 16, 17, 63, 64, 65, 255, 1000, 5000])
def test_every_length_is_as_by_single_bits(size: int) -> None:
    content = np.random.default_rng(size).bytes(size)
    assert masked(crc32c(content)).to_bytes(4, "little") == checksum(content)


@pytest.mark.parametrize("flips", [300, pytest.param(10_000, marks=pytest.mark.nightly)])
def test_no_tensorflow_checkpoint_with_a_flipped_bit_is_used(tmp_path: Path, flips: int) -> None:
    variables = {f"scope{i}/weights": np.arange(12.0 + i, dtype=np.float32) for i in range(20)}
    write_checkpoint(tmp_path / "model", variables)
    files = [tmp_path / "model.index", tmp_path / "model.data-00000-of-00001"]
    whole, refused = [file.read_bytes() for file in files], 0
    for number in range(flips):
        rng = generator("tensorflow", number)
        place = rng.randrange(2)
        files[place].write_bytes(flipped(whole[place], rng))
        try:
            found = read_variables(tmp_path / "model")
        except UserError:
            refused += 1
        else:
            assert found.keys() == variables.keys(), number
            assert all(np.array_equal(found[name], value) for name, value in variables.items()), number
        files[place].write_bytes(whole[place])
    assert refused > 0.8 * flips  # the rest is in the footer, padding


def test_a_flipped_bit_of_tensorflow_s_own_file_is_named(test_data: Path, tmp_path: Path) -> None:
    shutil.copytree(test_data / "oracle_tf" / "ssd_v3_small_random_ckpt", tmp_path / "x")
    data = tmp_path / "x" / "model.ckpt.data-00000-of-00001"
    data.chmod(0o600)
    content = bytearray(data.read_bytes())
    content[len(content) // 2] ^= 4
    data.write_bytes(content)
    with pytest.raises(UserError, match=r"data-00000-of-00001 is damaged: .* does not match its checksum"):
        read_variables(tmp_path / "x" / "model.ckpt")
