"""Files that are not there, not ONNX, somebody else's, or of a later version."""

import sys
from pathlib import Path

import numpy as np
import onnx
import pytest

from mnv3.tools.errors import UserError
from mnv3.tools.export.description import ClassRow, Description, properties_for
from mnv3.tools.export.file import read_exported, start
from mnv3.tools.export.graph import begin, finish

DESCRIPTION = Description(
    version="1",
    task="ssdlite",
    kind="whole",
    precision="float32",
    input_size=[1, 2],
    preprocessing="none",
    rules={"nms_iou": 0.5},
    classes=[ClassRow(1, "person", 1, [255, 0, 0])],
    figures={"AP": 0.5},
    config={"task": {"name": "ssdlite"}},
    source="runs/x",
    command="mnv3 export",
)


def doubling() -> onnx.ModelProto:
    op, x = begin("x", np.float32, ("n",))
    return finish(op, {"y": (op.Mul(x, 2), np.float32, ("n",))})


def test_the_description_comes_back(tmp_path: Path) -> None:
    model = doubling()
    onnx.helper.set_model_props(model, properties_for(DESCRIPTION))
    onnx.save(model, tmp_path / "file.onnx")
    exported = read_exported(tmp_path / "file.onnx")
    assert exported.description == DESCRIPTION
    assert start(exported, 1)(np.array([1, 2], np.float32))[0].tolist() == [2, 4]


def test_an_older_file_has_no_operating_point(tmp_path: Path) -> None:
    point = {"threshold": 0.4, "precision": 0.9, "recall": 0.8, "F1": 0.85, "per_class": {}}
    for stored in (None, point, {"threshold": 2}):
        properties = properties_for(DESCRIPTION._replace(operating_point=stored))
        if stored is None:
            del properties["mnv3.operating_point"]
        onnx.helper.set_model_props(model := doubling(), properties)
        onnx.save(model, tmp_path / "file.onnx")
        if stored == {"threshold": 2}:
            with pytest.raises(UserError, match="description cannot be read"):
                read_exported(tmp_path / "file.onnx")
        else:
            assert read_exported(tmp_path / "file.onnx").description.operating_point == stored


def test_what_is_no_file_of_ours(tmp_path: Path) -> None:
    onnx.save(doubling(), tmp_path / "foreign.onnx")
    (tmp_path / "text.onnx").write_text("not a model at all")
    (tmp_path / "empty.onnx").write_bytes(b"")
    model = doubling()
    onnx.helper.set_model_props(model, properties_for(DESCRIPTION))
    (tmp_path / "cut.onnx").write_bytes(model.SerializeToString()[:-25])
    del model.metadata_props[-2]
    onnx.save(model, tmp_path / "later.onnx")
    for name, sentence in (
        ("none.onnx", "there is no such file"),
        ("foreign.onnx", "not written by `mnv3 export`"),
        ("text.onnx", "not an ONNX file"),
        ("empty.onnx", "not an ONNX file"),
        ("cut.onnx", "not an ONNX file"),
        ("later.onnx", "written by mnv3 1"),
    ):
        with pytest.raises(UserError, match=sentence):
            read_exported(tmp_path / name)


def test_a_missing_library_is_named_with_its_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    onnx.save(doubling(), tmp_path / "file.onnx")
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(UserError, match=r"needs onnx, which is not installed: pip install 'mnv3\[export\]'"):
        read_exported(tmp_path / "file.onnx")
