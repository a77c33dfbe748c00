"""A changed bit in a file with checksums is found before anything of the file is used."""

import io
import zipfile
from pathlib import Path
from typing import Any

import onnx
import pytest
import torch

from mnv3.tools.errors import UserError
from mnv3.tools.export.description import ClassRow, Description
from mnv3.tools.export.file import Exported, read_exported, write_exported
from mnv3.tools.weights.checkpoint import read_checkpoint, write_checkpoint
from mnv3.tools.weights.seal import DamagedError, check_seal, seal_zip, sealed_onnx
from tests.mutations import flipped, generator

FLIPS = [1000, pytest.param(20_000, marks=pytest.mark.nightly)]
CONTENT = {
    "state_dict": {
        f"layer{i}.weight": torch.randn(8 + i, 3, generator=torch.Generator().manual_seed(i)) for i in range(9)
    },
    "hyper_parameters": {"config": {"task": {"name": "x"}, "seed": 3}},
    "epoch": 4,
}


def same(one: Any, other: Any) -> bool:
    if isinstance(one, torch.Tensor):
        return isinstance(other, torch.Tensor) and one.dtype == other.dtype and torch.equal(one, other)
    if isinstance(one, dict):
        return isinstance(other, dict) and list(one) == list(other) and all(same(one[key], other[key]) for key in one)
    return one == other


@pytest.mark.parametrize("flips", FLIPS)
@pytest.mark.parametrize("writer", [write_checkpoint, torch.save], ids=["ours", "of 0.1.0 or anybody"])
def test_no_checkpoint_with_a_flipped_bit_is_used(tmp_path: Path, writer: Any, flips: int) -> None:
    path = tmp_path / "x.ckpt"
    writer(CONTENT, path)
    assert same(read_checkpoint(path), CONTENT)
    whole, refused = path.read_bytes(), 0
    for number in range(flips):
        path.write_bytes(flipped(whole, generator("checkpoint", number)))
        try:
            found = read_checkpoint(path)
        except UserError:
            refused += 1
        else:
            assert same(found, CONTENT), number
    assert refused > 0.5 * flips  # the rest: padding, and notes that nobody reads


def test_what_zipfile_does_not_see(tmp_path: Path) -> None:
    """Marked as a folder, a record has its checksum, and PyTorch gives memory that was never written."""
    torch.save(CONTENT, tmp_path / "x.ckpt")
    content = bytearray((tmp_path / "x.ckpt").read_bytes())
    with zipfile.ZipFile(tmp_path / "x.ckpt") as archive:
        assert any(name.endswith("data/3") for name in archive.namelist())
    entry = content.rindex(b"data/3")
    start = content.rindex(b"PK\x01\x02", 0, entry)
    content[start + 38] |= 0x10
    (tmp_path / "x.ckpt").write_bytes(content)
    with pytest.raises(UserError, match="marked as a folder"):
        read_checkpoint(tmp_path / "x.ckpt")


def test_files_without_checksums_are_let_through(tmp_path: Path) -> None:
    """PyTorch can be told to write none; its old format has none."""
    before = torch.serialization.get_crc32_options()
    torch.serialization.set_crc32_options(False)
    try:
        torch.save(CONTENT, tmp_path / "x.ckpt")
    finally:
        torch.serialization.set_crc32_options(before)
    assert same(read_checkpoint(tmp_path / "x.ckpt"), CONTENT)
    torch.save(CONTENT, tmp_path / "x.ckpt", _use_new_zipfile_serialization=False)
    assert same(read_checkpoint(tmp_path / "x.ckpt"), CONTENT)


def test_archives_that_grow_are_refused(tmp_path: Path) -> None:
    """100 MB of zeros in a file of 100 kB."""
    torch.save(CONTENT, tmp_path / "x.ckpt")
    with (
        zipfile.ZipFile(tmp_path / "x.ckpt") as archive,
        zipfile.ZipFile(tmp_path / "bomb.ckpt", "w", zipfile.ZIP_DEFLATED) as bomb,
    ):
        for record in archive.infolist():
            last = record.filename.endswith("data/0")
            bomb.writestr(record.filename, bytes(100_000_000) if last else archive.read(record))
    with pytest.raises(UserError, match="not a PyTorch checkpoint"):
        read_checkpoint(tmp_path / "bomb.ckpt")


@pytest.mark.parametrize("flips", FLIPS)
def test_no_exported_file_with_a_flipped_bit_is_used(flips: int) -> None:
    """The hash does not change what ONNX reads, and it is found wherever the bit is, its own place apart."""
    tensor = onnx.helper.make_tensor("w", onnx.TensorProto.FLOAT, [50], [i / 7 for i in range(50)])
    node = onnx.helper.make_node("Add", ["x", "w"], ["y"])
    values = [onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, [50]) for name in "xy"]
    model = onnx.helper.make_model(onnx.helper.make_graph([node], "g", values[:1], values[1:], [tensor]))
    plain = model.SerializeToString()
    whole = sealed_onnx(plain)
    assert check_seal(whole) and not check_seal(plain)
    read = onnx.load_model_from_string(whole)
    assert read.graph == model.graph and len(read.metadata_props) == 1
    for number in range(flips):
        damaged = flipped(whole, generator("onnx", number))
        if damaged[: len(plain)] != plain:
            with pytest.raises(DamagedError):
                check_seal(damaged)


def test_weights_of_an_exported_file_do_not_come_from_elsewhere(tmp_path: Path) -> None:
    """A file that names another one, outside: nothing of that is read."""
    (tmp_path / "secret").write_bytes(bytes(200))
    tensor = onnx.TensorProto(name="w", data_type=1, dims=[50], data_location=onnx.TensorProto.EXTERNAL)
    tensor.external_data.add(key="location", value="../secret")
    node = onnx.helper.make_node("Add", ["x", "w"], ["y"])
    values = [onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, [50]) for name in "xy"]
    inner = onnx.helper.make_graph([node], "inner", values[:1], values[1:], [tensor])
    outer = onnx.helper.make_node("If", ["c"], ["y"], then_branch=inner, else_branch=inner)
    for nodes, constants in (([node], [tensor]), ([outer], [])):
        graph = onnx.helper.make_graph(nodes, "g", values[:1], values[1:], constants)
        (tmp_path / "x.onnx").write_bytes(onnx.helper.make_model(graph).SerializeToString())
        with pytest.raises(UserError, match="in other files"):
            read_exported(tmp_path / "x.onnx")


def test_the_writer_of_exported_files_seals_them(tmp_path: Path) -> None:
    about = Description(
        version="x", task="ssdlite", kind="whole", precision="float32", input_size=[64, 64], preprocessing="", rules={},
        classes=[ClassRow(1, "cat", 1, [1, 2, 3])], figures={}, config={}, source="", command="",
    )  # fmt: skip
    values = [onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, [5]) for name in "xy"]
    graph = onnx.helper.make_graph([onnx.helper.make_node("Relu", ["x"], ["y"])], "g", values[:1], values[1:])
    for name, model in (("x.onnx", onnx.helper.make_model(graph)), ("x.tflite", b"TFL3" * 9)):
        path = tmp_path / name
        write_exported(Exported(path, model, about))
        assert read_exported(path).description == about
        content = path.read_bytes()
        assert check_seal(content)
        path.write_bytes(content[:5] + bytes([content[5] ^ 1]) + content[6:])
        with pytest.raises(UserError, match="is damaged"):
            read_exported(path)


def test_a_hash_is_of_its_own_content() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a", "b")
    seal_zip(buffer)
    assert check_seal(buffer.getvalue())
    with zipfile.ZipFile(buffer) as archive:
        assert archive.read("a") == b"b"
