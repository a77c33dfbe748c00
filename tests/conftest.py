"""Fixtures that every test folder uses."""

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def test_data() -> Path:
    """Folder of real images, weights and reference outputs, named by MNV3_TEST_DATA."""
    folder = os.environ.get("MNV3_TEST_DATA")
    if not folder:
        pytest.skip("MNV3_TEST_DATA is not set")
    return Path(folder)
