"""Exported files are opened by the task that they name, if there is one."""

from pathlib import Path

import onnx
import pytest

from mnv3.cli.opening import open_exported
from mnv3.tools.errors import UserError
from mnv3.tools.export.description import properties_for
from tests.tools.export.test_file import DESCRIPTION, doubling


def test_a_file_of_a_task_that_is_not_here(tmp_path: Path) -> None:
    """A word of the file is looked up in a table, and not imported."""
    model = doubling()
    onnx.helper.set_model_props(model, properties_for(DESCRIPTION._replace(task="os")))
    (tmp_path / "x.onnx").write_bytes(model.SerializeToString())
    with pytest.raises(UserError, match=r"x\.onnx.*os"):
        open_exported(tmp_path / "x.onnx")
