"""Tiny data sets, written by the test that uses them."""

from pathlib import Path

import pytest

from tests.lraspp.cityscapes_files import write_cityscapes


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A data root with three training, two validation and one test frame of Cityscapes, 48x96."""
    write_cityscapes(tmp_path / "cityscapes")
    return tmp_path
