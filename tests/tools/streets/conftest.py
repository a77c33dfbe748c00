"""Small data sets that the tests of this folder share."""

from pathlib import Path

import pytest

from mnv3.tools.streets import ensure_cityscapes, ensure_coco

SIZE = (144, 192)


@pytest.fixture(scope="session")
def coco_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("coco")
    return ensure_coco(root, seed=3, train=10, val=14, image_size=SIZE, processes=1, log=lambda line: None)


@pytest.fixture(scope="session")
def cityscapes_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("cityscapes")
    return ensure_cityscapes(root, seed=3, train=10, val=14, image_size=SIZE, processes=1, log=lambda line: None)
