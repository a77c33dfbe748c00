"""LiteRT files: written where the converter is installed, and read back."""

import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from mnv3.tools.errors import UserError
from mnv3.tools.export.engines.litert_convert import convert
from mnv3.tools.export.file import Exported, read_exported, start, write_exported
from tests.tools.export.test_file import DESCRIPTION


def test_a_network_in_a_file(tmp_path: Path) -> None:
    pytest.importorskip("litert_torch")
    torch.manual_seed(0)
    network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Hardswish(), nn.Flatten(2)).eval()
    constants = torch.rand(5, 4)
    content = convert(network, (6, 8), constants)
    write_exported(Exported(tmp_path / "file.tflite", content, DESCRIPTION))
    exported = read_exported(tmp_path / "file.tflite")
    assert exported.description == DESCRIPTION
    images = torch.rand(2, 3, 6, 8)
    found, more = start(exported, 1)(images.numpy())
    np.testing.assert_allclose(found, network(images).detach(), atol=1e-5)
    np.testing.assert_allclose(more, constants, atol=1e-6)


def test_what_is_no_file_of_ours(tmp_path: Path) -> None:
    path = tmp_path / "file.tflite"
    path.write_bytes(b"not a model")
    with pytest.raises(UserError, match="damaged, or not written by `mnv3 export`"):
        read_exported(path)
    write_exported(Exported(path, b"not a model", DESCRIPTION))
    assert read_exported(path).description == DESCRIPTION
    pytest.importorskip("ai_edge_litert")
    with pytest.raises(UserError, match="LiteRT refuses the model"):
        start(read_exported(path))


def test_missing_libraries_are_named_with_their_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    for library in ("litert_torch", "ai_edge_litert.interpreter"):
        monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(UserError, match=r"needs litert_torch, .* pip install 'mnv3\[litert\]'"):
        convert(nn.Identity(), (4, 4))
    with pytest.raises(UserError, match=r"needs ai_edge_litert, .* pip install 'mnv3\[litert\]'"):
        start(Exported(Path("file.tflite"), b"", DESCRIPTION))
