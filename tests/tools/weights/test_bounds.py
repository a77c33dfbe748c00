"""Files of weights made to keep a reader busy, or to make it take what is not there: each is a sentence, at once."""

import json
import struct
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from mnv3.tools.errors import UserError
from mnv3.tools.weights.formats import open_weights
from tests.mutations import damaged, generator
from tests.tools.weights.tensorflow.files import MAGIC, block, checksum, field, message, table, varint, write_checkpoint
from tests.tools.weights.test_formats import TENSORS, safetensors

SECONDS = 10  # of a slow machine; each takes less than one


def refused(path: Path, match: str | None = None) -> None:
    start = time.perf_counter()
    with pytest.raises(UserError, match=match) as caught:
        open_weights(path)
    assert time.perf_counter() - start < SECONDS
    assert len(caught.value.problems) == 1 and "\n" not in str(caught.value)


def constant(shape: bytes, values: bytes) -> bytes:
    """A GraphDef of one float constant."""
    tensor = field(1, 1) + message(2, shape) + values
    attribute = message(1, b"value") + message(2, message(8, tensor))
    return message(1, message(1, b"c") + message(2, b"Const") + message(5, attribute))


def dims(*sizes: int) -> bytes:
    return b"".join(message(2, field(1, size)) for size in sizes)


ONE = message(5, np.float32(7).tobytes())
MILLION = message(3, b"\x01" * 1_000_000)
GRAPHS = {
    "an integer without end": b"\xff" * 5_000_000,
    "an integer without end inside": message(1, message(1, b"\xff" * 100_000)),
    "a length beyond the file": b"\x0a" + varint(2**62) + b"x",
    "a shape of 10^18 values": constant(dims(10**9, 10**9), ONE),
    "a size of 2^64 - 1": constant(dims(2**64 - 1), ONE),
    "sizes without end": constant(dims(*[1] * 5000), ONE),
    "fields without end": message(1, b"\x18\x01" * 1_000_000),
    "groups, which are no messages": b"\x0b" * 100_000,
    "a number where a message is": field(1, 7) * 1000,
    "a list of a million integers": message(
        1,
        message(1, b"c") + message(5, message(1, b"strides") + message(2, message(1, message(3, b"\x01" * 1_000_000)))),
    ),
}


@pytest.mark.parametrize("name", GRAPHS)
def test_frozen_graphs(tmp_path: Path, name: str) -> None:
    (tmp_path / "x.pb").write_bytes(GRAPHS[name])
    refused(tmp_path / "x.pb", "not a frozen TensorFlow graph")


def test_nodes_that_refer_to_one_another_in_a_circle_are_no_trouble(tmp_path: Path) -> None:
    """Inputs are not followed."""
    a = message(1, message(1, b"a") + message(2, b"Identity") + message(3, b"b"))
    b = message(1, message(1, b"b") + message(2, b"Identity") + message(3, b"a"))
    (tmp_path / "x.pb").write_bytes(a + b + constant(dims(2), message(4, bytes(8))))
    assert list(open_weights(tmp_path / "x.pb").tensors) == ["c"]


def entry(*, kind: int = 1, shape: bytes = dims(2), offset: int = 0, size: int = 8) -> bytes:
    return field(1, kind) + message(2, shape) + field(4, offset) + field(5, size)


def handle_of(offset: int, size: int) -> bytes:
    return varint(offset) + varint(size)


def same_block_often() -> bytes:
    """An index of many handles to one large block."""
    content = block({bytes([i // 250 + 1, i % 250]): b"x" * 90 for i in range(500)})
    written = content + b"\0" + checksum(content + b"\0")
    index = block({i.to_bytes(3, "big"): handle_of(0, len(content)) for i in range(5000)})
    place = len(written)
    written += index + b"\0" + bytes(4)
    return written + (handle_of(0, 0) + handle_of(place, len(index))).ljust(40, b"\0") + struct.pack("<Q", MAGIC)


def keys_that_grow() -> bytes:
    """Entries whose keys are each the whole of the one before and one letter more."""
    content = b"".join(varint(i) + b"\x01\x00x" for i in range(60_000)) + struct.pack("<II", 0, 1)
    index = block({b"z": handle_of(0, len(content))})
    written = content + b"\0" + bytes(4) + index + b"\0" + bytes(4)
    footer = handle_of(0, 0) + handle_of(len(content) + 5, len(index))
    return written + footer.ljust(40, b"\0") + struct.pack("<Q", MAGIC)


INDICES: dict[str, Callable[[], bytes]] = {
    "10^18 data files": lambda: table({b"": field(1, 10**18), b"a": entry()}),
    "no data files": lambda: table({b"": field(1, 0), b"a": entry()}),
    "a data file that is not of them": lambda: table({b"": field(1, 1), b"a": entry() + field(3, 9)}),
    "values beyond the file": lambda: table({b"": field(1, 1), b"a": entry(offset=10**12)}),
    "a shape of nothing times much": lambda: table({b"": field(1, 1), b"a": entry(shape=dims(0, 2**60), size=0)}),
    "the same bytes a thousand times": lambda: table(
        {b"": field(1, 1), **{f"v{i}".encode(): entry(shape=dims(10), size=40) for i in range(1000)}}
    ),
    "the same block a thousand times": same_block_often,
    "keys that grow": keys_that_grow,
    "a footer alone": lambda: b"\xff" * 40 + struct.pack("<Q", MAGIC),
}


@pytest.mark.parametrize("name", INDICES)
def test_indices_of_tensorflow_checkpoints(tmp_path: Path, name: str) -> None:
    write_checkpoint(tmp_path / "model", {"a": np.zeros(10, np.float32)})
    (tmp_path / "model.index").write_bytes(INDICES[name]())
    refused(tmp_path / "model", r"was cut off")


def tensors(table: object, data: bytes = bytes(16)) -> bytes:
    head = table if isinstance(table, bytes) else json.dumps(table).encode()
    return struct.pack("<Q", len(head)) + head + data


def place(first: object, last: object, shape: object = (4,), kind: object = "F32") -> dict[str, object]:
    return {"dtype": kind, "shape": shape, "data_offsets": [first, last]}


SAFETENSORS = {
    "beyond the file": tensors({"a": place(0, 10**15, [10**15 // 4])}),
    "before the file": tensors({"a": place(-16, 0)}),
    "overlapping": tensors({"a": place(0, 16), "b": place(0, 16)}),
    "another size than the shape": tensors({"a": place(0, 16, [5])}),
    "a negative size": tensors({"a": place(0, 16, [-4])}),
    "sizes that are text": tensors({"a": place(0, 16, ["4"])}),
    "places that are true": tensors({"a": place(False, True, [])}),
    "no places": tensors({"a": {"dtype": "F32", "shape": [4]}}),
    "a list": tensors([1, 2], b"{" * 9),
    "nested without end": tensors(b'{"a":' + b"[" * 200_000),
    "a name twice": tensors(b'{"a": 1, "a": 2}'),
    "no numbers": tensors({"a": place(0, 16)}, np.full(4, np.nan, "<f4").tobytes()),
}


@pytest.mark.parametrize("name", SAFETENSORS)
def test_safetensors(tmp_path: Path, name: str) -> None:
    (tmp_path / "x.safetensors").write_bytes(SAFETENSORS[name])
    refused(tmp_path / "x.safetensors")


def test_types_of_safetensors(tmp_path: Path) -> None:
    """bfloat16 is read; what is not known is named."""
    value = torch.tensor([1.5, -2.0, 3e30])
    data = value.bfloat16().view(torch.int16).numpy().tobytes()
    (tmp_path / "x.safetensors").write_bytes(tensors({"a": place(0, 6, [3], "BF16")}, data))
    assert torch.equal(open_weights(tmp_path / "x.safetensors").tensors["a"], value.bfloat16().float())
    (tmp_path / "x.safetensors").write_bytes(tensors({"a": place(0, 4, [4], "F8_E4M3")}, bytes(4)))
    refused(tmp_path / "x.safetensors", "float8_e4m3")


def test_tables_of_tflite_before_and_beyond_the_file(tmp_path: Path) -> None:
    for root, fields in ((4, 1), (16, 2**31 - 1), (2**32 - 1, 0), (16, -(2**31))):
        (tmp_path / "x.tflite").write_bytes(
            struct.pack("<I", root) + b"TFL3" + struct.pack("<iiii", fields, 4, fields, 8)
        )
        refused(tmp_path / "x.tflite", "not a TensorFlow Lite network")


SIZES = [150, pytest.param(5000, marks=pytest.mark.nightly)]


@pytest.mark.parametrize("cases", SIZES)
def test_damaged_files_end_in_a_sentence(tmp_path: Path, cases: int) -> None:
    """Made-up small files of every kind, each damaged by a seed."""
    write_checkpoint(tmp_path / "model", {f"s/weights{i}": np.ones((2, 3), np.float32) for i in range(9)})
    torch.save(TENSORS, tmp_path / "x.pth")
    whole = {
        "x.pb": constant(dims(2, 2), message(4, bytes(16))) * 3,
        "x.safetensors": safetensors(TENSORS),
        "x.pth": (tmp_path / "x.pth").read_bytes(),
        "model.index": (tmp_path / "model.index").read_bytes(),
        "model.data-00000-of-00001": (tmp_path / "model.data-00000-of-00001").read_bytes(),
    }
    _read_damaged(tmp_path, whole, cases)


@pytest.mark.parametrize("cases", [60, pytest.param(2000, marks=pytest.mark.nightly)])
def test_damaged_files_of_tensorflow_end_in_a_sentence(tmp_path: Path, test_data: Path, cases: int) -> None:
    names = {"x.pb": "lraspp_tf/frozen_inference_graph.pb", "x.tflite": "lraspp_tf/seg_graph_f.tflite"}
    whole = {name: (test_data / path).read_bytes() for name, path in names.items()}
    _read_damaged(tmp_path, whole, cases)


def _read_damaged(folder: Path, whole: dict[str, bytes], cases: int) -> None:
    ended = 0
    for number in range(cases):
        rng = generator("weights", number)
        name = rng.choice(list(whole))
        (folder / name).write_bytes(damaged(whole[name], rng))
        start = time.perf_counter()
        try:
            open_weights(folder / name)
        except UserError as error:
            ended += 1
            assert all(len(problem) < 700 for problem in error.problems)
        assert time.perf_counter() - start < SECONDS, number
        (folder / name).write_bytes(whole[name])
    assert ended > cases / 3
