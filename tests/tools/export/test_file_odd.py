"""Exported files that were altered or damaged: a sentence that names the file, or a description of known types."""

import json
from pathlib import Path

import onnx
import pytest

from mnv3.tools.errors import UserError
from mnv3.tools.export.description import PREFIX, properties_for
from mnv3.tools.export.file import read_exported
from tests.mutations import altered, damaged, generator
from tests.tools.export.test_file import DESCRIPTION, doubling

CONFIG = {"task": {"name": "ssdlite"}, "dataset": {"name": "coco_json", "val_json": "x"}, "data": {"root": "./data"}}
WHOLE = DESCRIPTION._replace(config=CONFIG)


def write(path: Path, properties: dict[str, str]) -> None:
    model = doubling()
    onnx.helper.set_model_props(model, properties)
    path.write_bytes(model.SerializeToString())


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("task", "../os"),
        ("task", ["ssdlite"]),
        ("kind", "other"),
        ("version", 3),
        ("input_size", [1, 2, 3]),
        ("input_size", [1.5, 2]),
        ("classes", [[1, "a", 1, [0, 0]]]),
        ("classes", [[10**12, "a", 1, [0, 0, 0]]]),
        ("classes", [[1, "a", 1, [0, 0, 0]], [1, "b", 2, [0, 0, 0]]]),
        ("classes", []),
        ("classes", {"a": 1}),
        ("rules", 3),
        ("config", "x"),
        ("config", {"dataset": {"name": "../../x"}}),
        ("config", {"data": {"root": "${oc.env:HOME}"}}),
        ("config", {"task": 1}),
    ],
)
def test_fields_that_cannot_be(tmp_path: Path, field: str, value: object) -> None:
    path = tmp_path / "x.onnx"
    write(path, {**properties_for(WHOLE), PREFIX + field: json.dumps(value)})
    with pytest.raises(UserError, match=r"x\.onnx"):
        read_exported(path)


@pytest.mark.parametrize("cases", [150, pytest.param(5000, marks=pytest.mark.nightly)])
def test_altered_and_damaged_files(tmp_path: Path, cases: int) -> None:
    path, ended = tmp_path / "x.onnx", 0
    write(path, properties_for(WHOLE))
    content = path.read_bytes()
    for number in range(cases):
        rng = generator("exported", number)
        if number % 3:
            fields = altered({**WHOLE._asdict(), "classes": [list(row) for row in WHOLE.classes]}, rng)
            write(path, {PREFIX + name: json.dumps(value) for name, value in fields.items()})
        else:
            path.write_bytes(damaged(content, rng))
        try:
            description = read_exported(path).description
        except UserError as error:
            ended += 1
            assert all("x.onnx" in problem and len(problem) < 500 for problem in error.problems)
        else:
            assert description.task.isidentifier() and "${" not in json.dumps(description.config)
    assert ended > cases / 3


def test_metadata_that_is_no_text_is_left_out(tmp_path: Path) -> None:
    """protobuf gives bytes where a damaged string is no UTF-8."""
    path = tmp_path / "x.onnx"
    write(path, properties_for(WHOLE))
    content = path.read_bytes()
    path.write_bytes(content.replace(b"mnv3.version", b"\xff\xfe\xfd3.version", 1))
    with pytest.raises(UserError, match=r"x\.onnx"):
        read_exported(path)
