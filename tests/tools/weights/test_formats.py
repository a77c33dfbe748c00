"""Files of weights, told by their content; whatever is wrong with one is one sentence."""

import gzip
import json
import pickle
import struct
from pathlib import Path

import numpy as np
import pytest
import torch

from mnv3.tools.errors import UserError
from mnv3.tools.weights.formats import open_weights
from tests.tools.weights.tensorflow.files import write_checkpoint

TENSORS = {"a.weight": torch.arange(6.0).reshape(2, 3), "a.bias": torch.ones(2)}


class Bomb:
    """Pickled, it would write a file when it is loaded."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple:
        return Path.write_text, (self.path, "boom")


def safetensors(tensors: dict[str, torch.Tensor]) -> bytes:
    """By the description of the format."""
    table, data = {"__metadata__": {"format": "pt"}}, b""
    for name, value in tensors.items():
        content = value.numpy().tobytes()
        place = [len(data), len(data) + len(content)]
        table[name] = {"dtype": "F32", "shape": list(value.shape), "data_offsets": place}  # type: ignore[assignment]
        data += content
    head = json.dumps(table).encode()
    return struct.pack("<Q", len(head)) + head + data


def same(read: dict, want: dict) -> bool:
    return set(read) == set(want) and all(torch.equal(read[name], want[name]) for name in want)


@pytest.mark.parametrize(
    "content",
    [
        TENSORS,
        {"state_dict": TENSORS, "epoch": 3},
        {"model": TENSORS, "optimizer": {}},
        {f"module.{name}": value for name, value in TENSORS.items()},
    ],
)
def test_state_dicts_bare_and_wrapped(tmp_path: Path, content: dict) -> None:
    torch.save(content, tmp_path / "x.pth")
    file = open_weights(tmp_path / "x.pth")
    assert file.kind == "torch" and same(dict(file.tensors), TENSORS)


def test_pytorch_s_old_format(tmp_path: Path) -> None:
    torch.save(TENSORS, tmp_path / "x.pth", _use_new_zipfile_serialization=False)
    assert same(dict(open_weights(tmp_path / "x.pth").tensors), TENSORS)


def test_a_checkpoint_of_ours(tmp_path: Path) -> None:
    content = {"state_dict": TENSORS, "hyper_parameters": {"config": {"task": {"name": "x"}}}}
    torch.save(content, tmp_path / "x.ckpt")
    file = open_weights(tmp_path / "x.ckpt")
    assert file.kind == "ours" and file.checkpoint["hyper_parameters"] == content["hyper_parameters"]


def test_safetensors(tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").write_bytes(safetensors(TENSORS))
    file = open_weights(tmp_path / "model.safetensors")
    assert file.kind == "torch" and same(dict(file.tensors), TENSORS)


def test_a_tensorflow_checkpoint_by_each_of_its_names(tmp_path: Path) -> None:
    write_checkpoint(tmp_path / "model.ckpt-30", {"x/weights": np.ones((1, 1, 2, 2), np.float32)})
    for name in ("model.ckpt-30", "model.ckpt-30.index", "model.ckpt-30.data-00000-of-00001", "."):
        file = open_weights(tmp_path / name)
        assert file.kind == "tensorflow" and list(file.tensors) == ["x/weights"]
    write_checkpoint(tmp_path / "model.ckpt-60", {"x/weights": np.ones((1, 1, 2, 2), np.float32)})
    with pytest.raises(UserError, match=r"several checkpoints \(model.ckpt-30, model.ckpt-60\)"):
        open_weights(tmp_path)


def test_the_frozen_graph_of_a_folder_comes_first(test_data: Path) -> None:
    file = open_weights(test_data / "lraspp_tf")
    assert file.path.name == "frozen_inference_graph.pb"
    assert file.graph is not None
    assert file.graph.nodes["AvgPool2D/AvgPool"].lists == {"ksize": (1, 13, 25, 1), "strides": (1, 4, 5, 1)}


def test_code_is_refused_and_never_run(tmp_path: Path) -> None:
    torch.save({"state_dict": TENSORS, "extra": Bomb(tmp_path / "boom")}, tmp_path / "x.pth")
    (tmp_path / "plain.pkl").write_bytes(pickle.dumps(Bomb(tmp_path / "boom"), protocol=2))
    for name in ("x.pth", "plain.pkl"):
        with pytest.raises(UserError, match="refused, because it holds pickled Python objects"):
            open_weights(tmp_path / name)
    assert not (tmp_path / "boom").exists()


@pytest.mark.parametrize("rest", [0, 1, 9, 200, -1])
@pytest.mark.parametrize("kind", ["torch", "safetensors", "graph"])
def test_truncated_files(tmp_path: Path, test_data: Path, kind: str, rest: int) -> None:
    torch.save(TENSORS, tmp_path / "whole.pth")
    whole = {
        "torch": (tmp_path / "whole.pth").read_bytes(),
        "safetensors": safetensors(TENSORS),
        "graph": (test_data / "lraspp_tf" / "frozen_inference_graph.pb").read_bytes(),
    }[kind]
    path = tmp_path / ("x.pb" if kind == "graph" else "x")
    path.write_bytes(whole[:rest])
    with pytest.raises(UserError, match=r"truncated|cut off|has no constants"):
        open_weights(path)


def test_other_things(tmp_path: Path) -> None:
    (tmp_path / "release.tar.gz").write_bytes(gzip.compress(b"x"))
    (tmp_path / "photo.jpg").write_bytes(b"\xff\xd8\xff\xe0" + bytes(100))
    (tmp_path / "empty").mkdir()
    torch.save([1, 2], tmp_path / "list.pth")
    torch.save({"epoch": 1}, tmp_path / "numbers.pth")
    sentences = {
        "release.tar.gz": "is an archive: unpack it",
        "photo.jpg": "none of a PyTorch checkpoint",
        "empty": "holds no frozen graph",
        "list.pth": "holds a list",
        "numbers.pth": "holds no tensors",
        "nothing": "there is no such file",
    }
    for name, sentence in sentences.items():
        with pytest.raises(UserError, match=sentence):
            open_weights(tmp_path / name)
